import { bytesToHex, type Hex, hexToBigInt, keccak256, stringToHex, toHex } from 'viem'
import * as Binding from './Binding.ts'
import { base64, hex } from './Bytes.ts'
import * as Nras from './Nras.ts'
import * as Nvidia from './Nvidia.ts'
import { checkSwitches } from './NvSwitches.ts'
import type { Ask } from './Ocsp.ts'
import * as Pem from './Pem.ts'
import { claimsOf, judge, type Verdict as Outcome, refuse } from './Refusal.ts'
import * as Rim from './Rim.ts'
import { LONGEST, type ofSnp, type Verdict } from './Verdict.ts'

/** The contract's numbers. Switches beside GPUs count with them. */
const EVIDENCE = { blackwell: 2, hopper: 1, nvswitch: 3 } as const
const NRAS = 4
const MAXIMUM_DEVICES = 32
const MAXIMUM_EVIDENCE = 65_536

/**
 * Says what is true of a machine's GPUs, if it is: all that the binding names, genuine by NVIDIA's key, asked with the
 * binding's nonce, and measured well by the reference manifests given or by NVIDIA's service. Otherwise names the check
 * that refused. Warning: manifests leave open what NVIDIA has revoked since, unless `ocsp` asks; its service answers for that.
 */
export function ofGpus(
  gpus: readonly Nvidia.Evidence[],
  options: ofGpus.Options,
): Promise<Outcome<ofSnp.Judged>> {
  return judge(async () => {
    const { at, binding, expected, head, nras, providerId, quorumId } = options
    const data = Binding.reportData(binding)
    const gpuEvidenceHash = Binding.gpuEvidenceHash(gpus.map(({ report }) => report))
    const wanted = { ...expected, gpuEvidenceHash }
    claimsOf(await Binding.verify(data, { binding, expected: wanted, head }))
    const devices = await genuine(gpus, options)
    checkSwitches(devices)
    if (nras) await checkService(devices, { ...options, nras })
    else await checkManifests(devices, options)

    const evidence = published(gpus, nras)
    const issuedAt = Number(at)
    const until = devices.map(({ window }) => Number(window.until))
    const verdict: Verdict = {
      devices: idsOf(devices),
      evidence: nras ? NRAS : kindOf(devices),
      evidenceHash: keccak256(evidence),
      expiry: Math.min(issuedAt + LONGEST, ...until),
      issuedAt,
      provider: expected.provider,
      providerId,
      quorumId,
      reportData: bytesToHex(data.subarray(0, 32)),
      workload: workloadOf(devices),
    }
    return { evidence, verdict }
  })
}

export declare namespace ofGpus {
  type Options = Pick<ofSnp.Options, 'at' | 'binding' | 'expected' | 'head' | 'providerId' | 'quorumId'> & {
    /** NVIDIA's reference manifests of every driver and firmware that runs. */
    rims?: readonly string[]
    /** In their place: what NVIDIA's service said of the same devices for the same nonce, and its keys. */
    nras?: { eat: string; keySet: string } | undefined
    /** With manifests: asks what NVIDIA has revoked, of devices' certificates and of the manifests'. */
    ocsp?: Ask | undefined
    /** SHA-256 of the root keys, NVIDIA's unless said otherwise. */
    roots?: readonly string[] | undefined
    rimRoots?: readonly string[] | undefined
  }
}

/** keccak256 of what runs: each model with its driver and firmware, once, in order. */
function workloadOf(devices: readonly Nvidia.Claims[]): Hex {
  const lines = devices.map(({ driver = '', firmware = '', model }) => `${model}\t${driver}\t${firmware}\n`)
  return keccak256(stringToHex([...new Set(lines)].sort().join('')))
}

async function genuine(
  gpus: readonly Nvidia.Evidence[],
  { at, binding, ocsp, roots }: ofGpus.Options,
): Promise<Nvidia.Claims[]> {
  if (gpus.length === 0 || gpus.length > MAXIMUM_DEVICES) {
    refuse('GPU_DEVICES', 'the number of devices', { bound: `1 to ${MAXIMUM_DEVICES}`, value: gpus.length })
  }
  const nonce = Binding.gpuNonce(binding)
  const devices: Nvidia.Claims[] = []
  for (const gpu of gpus)
    devices.push(claimsOf(await Nvidia.verify(gpu, { at, nonce, ocsp, ...(roots ? { roots } : {}) })))
  return devices
}

/** Every driver and firmware that a device names must have its manifest, and measure as that says. */
async function checkManifests(devices: readonly Nvidia.Claims[], options: ofGpus.Options): Promise<void> {
  const { at, ocsp, rimRoots, rims: texts = [] } = options
  const rims: Rim.Rim[] = []
  for (const text of texts) {
    rims.push(claimsOf(await Rim.verify(text, { at, ocsp, ...(rimRoots ? { roots: rimRoots } : {}) })))
  }
  for (const device of devices) {
    const { driver, firmware } = device
    const named = [driver, firmware].filter((version) => version !== undefined)
    const own = rims.filter(({ version }) => named.includes(version))
    const missing = named.find((name) => own.every(({ version }) => version !== name))
    if (missing !== undefined || named.length === 0) {
      const value = rims.map(({ version }) => version).join(', ') || 'none'
      const bound = missing ?? 'named by the device'
      refuse('RIM_VERSION', `the reference manifests for ${device.model}`, {
        bound: `one of ${bound}`,
        value,
      })
    }
    claimsOf(await Rim.appraise(device, own))
  }
}

/** The service must speak of these very devices, all of them, for the nonce that they signed. */
async function checkService(
  devices: readonly Nvidia.Claims[],
  { at, binding, nras }: ofGpus.Options & { nras: { eat: string; keySet: string } },
): Promise<void> {
  const nonce = hex(Binding.gpuNonce(binding))
  const found = claimsOf(await Nras.verify(nras.eat, { at, keySet: nras.keySet, nonce }))
  const listed = (ueids: readonly string[]) => [...ueids].sort().join(', ')
  const [bound, value] = [devices, found.devices].map((of) => listed(of.map(({ ueid }) => ueid)))
  if (bound !== value)
    refuse('GPU_DEVICES', "the service's devices", { bound: bound ?? '', value: value ?? '' })
}

function idsOf(devices: readonly Nvidia.Claims[]): readonly Hex[] {
  const ids = new Set(devices.map(({ deviceId }) => keccak256(`0x${deviceId}`)))
  if (ids.size !== devices.length)
    refuse('GPU_DEVICES', 'the devices', { bound: 'each once', value: `${devices.length - ids.size} twice` })
  return [...ids].sort((left, right) => (hexToBigInt(left) < hexToBigInt(right) ? -1 : 1))
}

function kindOf(devices: readonly Nvidia.Claims[]): number {
  const all = [...new Set(devices.map(({ architecture }) => architecture))]
  const [first, ...others] = all.filter((name) => name !== 'nvswitch')
  if (others.length > 0)
    refuse('GPU_ARCHITECTURE', 'the devices of one verdict', { bound: 'of one kind', value: all.join(', ') })
  return EVIDENCE[first ?? 'nvswitch']
}

/** What anyone needs to verify again: reports, and every certificate once. Manifests are NVIDIA's to give, by version. */
function published(gpus: readonly Nvidia.Evidence[], nras: ofGpus.Options['nras']): Hex {
  const certificates: string[] = []
  const devices = gpus.map(({ chain, report }) => ({
    chain: Pem.certificates(chain, 'GPU chain').map((der) => {
      const text = base64(der)
      if (!certificates.includes(text)) certificates.push(text)
      return certificates.indexOf(text)
    }),
    report: base64(report),
  }))
  const evidence = toHex(JSON.stringify({ certificates, devices, nras, version: 1 }))
  const length = evidence.length / 2 - 1
  if (length > MAXIMUM_EVIDENCE)
    refuse('SIZE', 'the evidence to publish', { bound: `at most ${MAXIMUM_EVIDENCE} bytes`, value: length })
  return evidence
}
