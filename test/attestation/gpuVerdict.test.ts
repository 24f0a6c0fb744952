import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { AttestationRegistryAbi, ComputeRegistryAbi } from '@jejunetwork/contracts'
import { Attestation, verifyProvider } from '@jejunetwork/sdk'
import { keccak256, type PublicClient, parseEther, toHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountOf, type Chain, startChain } from '../chain.ts'
import { createHome, type Home, run } from '../jejuCompute.ts'
import { type Amd, amd, certificateTable, keysOf, snpReport } from './Amd.ts'
import type { Party } from './Authority.ts'
import { eat, keySet } from './Eat.ts'
import { evidence, type Gpu, gpu } from './Gpu.ts'
import { type Manifest, manifest } from './Manifest.ts'
import { startOcsp } from './Ocsp.ts'

const { Binding, Evidence, QuorumVerdict, Verdicts } = Attestation
const GOOD = [new Uint8Array(48), new Uint8Array(48).fill(1)]
const device = gpu('GH100')

let chain: Chain
let home: Home
let rim: Manifest
let newer: Manifest
let machine: Amd
let quorum: string
/** The provider's node, as far as this goes: it shows what it is given. */
let server: Server
/** What says whether NVIDIA has revoked something, and what it says that of. */
let ocsp: Awaited<ReturnType<typeof startOcsp>>
let revoked: readonly Party[] = []
let page = ''

beforeAll(async () => {
  chain = await startChain()
  server = createServer((_, answer) => answer.end(page)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { timestamp } = await chain.client.getBlock()
  rim = manifest('590.12', GOOD, timestamp)
  newer = manifest('591.01', GOOD, timestamp)
  machine = amd({ at: timestamp, bits: 4096 })
  ocsp = await startOcsp(() => [device, rim, newer].map(({ chain }) => ({ chain, revoked })))
  home = createHome(chain)
  home.env['JEJU_OCSP_URL'] = ocsp.url
  home.env['JEJU_TEE_ROOT'] = `nvidia=${device.roots[0]},nvidia-rim=${rim.root},nvidia-rim=${newer.root}`
  const { deployment } = chain
  const members = [3, 4].map((index) => chain.walletOf(index).account.address)
  for (const index of [3, 4])
    await Verdicts.become(chain.walletOf(index), { amount: parseEther('1'), deployment })
  const { quorumId } = await Verdicts.createQuorum(chain.walletOf(3), { deployment, members, threshold: 2 })
  quorum = toHex(quorumId)
  await chain.walletOf(1).writeContract({
    abi: ComputeRegistryAbi,
    address: deployment.computeRegistry,
    args: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`, '{}', 1n],
    functionName: 'register',
    value: parseEther('0.1'),
  })
  await chain.warp(1)
  put('rim.xml', rim.text)
})

afterAll(async () => {
  server?.closeAllConnections()
  server?.close()
  await ocsp?.close()
  await chain?.close()
  home?.remove()
})

test('TEE-28: two attesters verify a GPU and its measurements by the command line, and the chain names their quorum', async () => {
  const machine = put('machine.json', await shown())
  const first = await sign(3, machine)
  expect(first.stderr).toBe('')
  put('1.json', first.stdout)
  const { verdict } = JSON.parse(first.stdout) as { verdict: { issuedAt: number; evidence: number } }
  expect(verdict.evidence).toBe(1)
  put('2.json', (await sign(4, machine, ['--issued-at', String(verdict.issuedAt)])).stdout)
  const { code, stderr } = await as(1, ['attester', 'submit', at('1.json'), at('2.json')])
  expect(code, stderr).toBe(0)
  const [named, devices] = await chain.client.readContract({
    abi: AttestationRegistryAbi,
    address: chain.deployment.attestationRegistry,
    args: [1n],
    functionName: 'gpuAttestation',
  })
  expect([toHex(named), devices]).toEqual([quorum, 1n])
})

test('what does not verify is refused by its check, and not signed', async () => {
  const bad = await shown({ measurements: [new Uint8Array(48).fill(9), new Uint8Array(48).fill(1)] })
  const cases: [string, string, string[]?][] = [
    ['RIM_MEASUREMENT', bad],
    ['GPU_NONCE', await shown({ nonce: new Uint8Array(32) })],
    ['RIM_SIGNATURE', await shown(), ['--rim', put('other.xml', rim.text.replace('590.12', '590.13'))]],
    ['GPU_DEVICES', await shown({ count: 2 })],
    ['GPU_DEVICES', await shown({ count: 0 })],
  ]
  for (const [wanted, machine, more] of cases) {
    const { code, stderr, stdout } = await sign(3, put('bad.json', machine), more)
    expect(stderr).toContain(`Refused by ${wanted}: `)
    expect([code, stdout]).toEqual([1, ''])
  }
  const { stderr } = await sign(3, put('bad.json', await shown()), ['--rim', put('newer.xml', newer.text)])
  expect(stderr).toContain(
    'Refused by RIM_VERSION: the reference manifests for GH100 A01 GSP BROM is 591.01, and must be one of 590.12.',
  )
  const none = await as(3, [
    'attester',
    'sign',
    '--gpus',
    '--provider',
    '1',
    '--quorum',
    quorum,
    '--evidence',
    at('bad.json'),
  ])
  expect(none.stderr).toContain('GPUs are measured by --rim')
})

test('what NVIDIA put on hold is not signed for, of the device or of a manifest, nor while nobody says', async () => {
  const machine = put('machine.json', await shown())
  const [, gpu] = device.chain
  const [signer] = rim.chain
  for (const of of [gpu, signer] as Party[]) {
    revoked = [of]
    const { code, stderr, stdout } = await sign(3, machine)
    expect(stderr).toContain(`Refused by CERT_REVOKED: the OCSP status of `)
    expect(stderr).toContain(`"${of.name}" is revoked or on hold, since 2026-01-01T00:00:00Z`)
    expect([code, stdout]).toEqual([1, ''])
  }
  revoked = []
  home.env['JEJU_OCSP_URL'] = 'http://127.0.0.1:1'
  const silent = await sign(3, machine)
  home.env['JEJU_OCSP_URL'] = ocsp.url
  expect(silent.code).toBe(75)
  expect(silent.stderr).toContain("NVIDIA's revocation service does not answer at http://127.0.0.1:1")
  expect(silent.stderr).toContain('name a mirror in JEJU_OCSP_URL')
})

test('NVIDIA’s service measures in place of manifests, if it speaks of this very device and nonce', async () => {
  const machine = await shown()
  const { binding, gpus } = Evidence.fromJson(machine) as Exclude<
    Attestation.Evidence.Evidence,
    { tee: 'none' }
  >
  const { timestamp } = await chain.client.getBlock()
  const nonce = Binding.gpuNonce(binding)
  const [one] = gpus
  if (!one) throw new Error('The machine shows no GPU.')
  const seen = await Attestation.Nvidia.verify(one, { at: timestamp, nonce, roots: device.roots })
  if (!seen.ok) throw new Error(seen.refusal.message)
  const { ueid } = seen.claims
  const keys = ['--rim', '', '--nras-keys', put('keys.json', keySet), '--nras', at('eat.json')]
  const answer = (own: string, asked: string) =>
    put('eat.json', eat({ at: timestamp, devices: { 'GPU-0': { ueid: own } }, nonce: asked }))
  answer(ueid, Buffer.from(nonce).toString('hex'))
  const good = await sign(3, put('machine.json', machine), keys)
  expect(JSON.parse(good.stdout).verdict, good.stderr).toMatchObject({ evidence: 4 })
  answer('1', Buffer.from(nonce).toString('hex'))
  expect((await sign(3, at('machine.json'), keys)).stderr).toContain(
    "GPU_DEVICES: the service's devices is 1,",
  )
  answer(ueid, 'ab'.repeat(32))
  expect((await sign(3, at('machine.json'), keys)).stderr).toContain('Refused by NRAS_NONCE')
})

test('TEE-28: verifying shows the quorum’s word on GPUs, which counts if it is named and the machine bound them', async () => {
  const ours = BigInt(quorum)
  const look = async (quorums?: readonly bigint[]) => {
    const { client, deployment } = chain
    const roots = { amdRoots: machine.roots, gpuRoots: device.roots }
    const options = { ...roots, deployment, providerId: 1n, quorums }
    const { checks, gpus } = await verifyProvider(client as PublicClient, options)
    const failed = checks.filter(({ ok }) => !ok).map(({ name }) => name)
    return { failed, gpus, of: checks.find(({ name }) => name === 'GPU quorum') }
  }

  page = await shown({ machine })
  await attest(machine)
  await attest(machine, { devices: [device] })
  const named = await look([ours])
  expect(named.failed).toEqual([])
  expect(named.gpus).toMatchObject({ counts: true, devices: 1, evidence: 'hopper', quorumId: ours })
  expect(named.of).toEqual({ bound: quorum, name: 'GPU quorum', ok: true, value: quorum })
  const any = await look()
  expect([any.failed, any.gpus?.counts]).toEqual([[], false])
  expect(any.of?.bound).toBe('not counted, else one that you name')
  expect((await look([1n])).gpus?.counts).toBe(false)

  page = await shown({ machine })
  await attest(machine)
  const elsewhere = await look([ours])
  expect([elsewhere.failed, elsewhere.gpus?.counts]).toEqual([['GPU report data'], false])
  await chain.warp(7 * 86_400)
  page = await shown({ machine })
  await attest(machine)
  expect(await look([ours])).toEqual({ failed: [], gpus: undefined, of: undefined })
  // One GPU that answered twice is no two GPUs, though each answer is genuine and both are bound.
  page = await shown({ count: 2, machine })
  await attest(machine)
  expect((await look()).failed).toEqual(['GPU 1'])
})

test.each([
  ['Hopper', ['GH100'], 'hopper'],
  ['Blackwell with its switch', ['GB100', 'LS_10'], 'blackwell'],
  ['a switch alone', ['LS_10'], 'nvswitch'],
] as const)(
  'TEE-28: `verify` prints a quorum’s verdict on %s, and what of it counts',
  async (_, models, kind) => {
    const devices = models.map((model) => gpu(model))
    const roots = [`milan=${machine.roots.milan}`, ...devices.map((one) => `nvidia=${one.roots[0]}`)]
    home.env['JEJU_TEE_ROOT'] = roots.join()
    page = await shown({ devices, machine })
    await attest(machine)
    await attest(machine, { devices })

    const named = await run(['verify', '1', '--quorum', quorum], home.env)
    const row = (name: string, value: string, bound: string, ok = 'ok') =>
      new RegExp(`^${ok} +${name} +${value} +${bound}$`, 'm')
    for (const [index, model] of models.entries())
      expect(named.stdout).toMatch(
        row(
          `GPU ${index}`,
          `${model} A01 GSP BROM, driver 590\\.12, firmware \\S*`,
          "signed up to NVIDIA's root key",
        ),
      )
    expect(named.stdout).toMatch(row('GPU verdict', `${kind}, devices: ${models.length}`, 'one on GPUs'))
    expect(named.stdout).toMatch(row('GPU quorum', quorum, quorum))
    expect(named.stdout).toMatch(
      row('revocation', 'not checked here', 'checked by the quorum before it signed'),
    )
    expect(named.stdout).toMatch(row('GPU expiry', '\\S+', 'not before \\S+'))
    expect(named.stdout).toMatch(row('GPU report data', '(0x[0-9a-f]{64})', "\\1, the machine's"))
    expect(named.stdout).toContain('\n\nProvider 1 is verified: level 1.')
    expect(named.code, named.stdout).toBe(0)
    expect(await verified('--quorum', quorum)).toMatchObject({
      gpus: { counts: true, devices: models.length, evidence: kind, quorumId: quorum },
      level: 1,
      verified: true,
    })

    expect(await verified(), 'without a quorum that was named').toMatchObject({
      gpus: { counts: false },
      verified: true,
    })

    // Attested again: what was said of GPUs is of other evidence.
    page = await shown({ devices, machine })
    await attest(machine)
    const other = await run(['verify', '1', '--quorum', quorum], home.env)
    expect(other.stdout).toMatch(
      row('GPU report data', '0x[0-9a-f]{64}', "0x[0-9a-f]{64}, the machine's", 'NO'),
    )
    expect(other.stdout).toContain('\n\nProvider 1 is not verified: GPU report data is 0x')
    expect(other.code).toBe(1)
  },
)

test('TEE-24: `providers` names whose word level 1 is, unless it was asked for', async () => {
  page = await shown({ machine })
  await attest(machine)
  const all = await run(['providers'], home.env)
  expect(all.stdout).toContain(`level 1, sev-snp, says quorum ${quorum} `)
  const asked = await run(['providers', '--quorum', quorum], home.env)
  expect(asked.stdout).toMatch(/level 1, sev-snp +http/)
})

async function verified(...args: readonly string[]): Promise<unknown> {
  return JSON.parse((await run(['verify', '1', ...args, '--json'], home.env)).stdout)
}

type Faults = {
  count?: number
  devices?: readonly Gpu[]
  machine?: Amd
  measurements?: readonly Uint8Array[]
  nonce?: Uint8Array
}

/** What a machine with such GPUs shows now. */
async function shown(faults: Faults = {}): Promise<string> {
  const { count = 1, machine, measurements = GOOD, nonce } = faults
  const { devices = Array<Gpu>(count).fill(device) } = faults
  const { hash, number } = await chain.client.getBlock()
  const { computeRegistry, attestationRegistry: registry } = chain.deployment
  const [, agentId] = await chain.client.readContract({
    abi: ComputeRegistryAbi,
    address: computeRegistry,
    args: [1n],
    functionName: 'agentOf',
  })
  const bound = {
    agentId,
    blockHash: hash,
    blockNumber: number,
    chainId: 31_337n,
    provider: chain.walletOf(1).account.address,
    registry,
    sshHostKeyHash: keccak256('0x01'),
    tlsSpkiHash: keccak256('0x02'),
  }
  const asked = nonce ?? Binding.gpuNonce(bound)
  const gpus = devices.map((one) => evidence(one, asked, { measurements }))
  const gpuEvidenceHash = Binding.gpuEvidenceHash(gpus.map(({ report }) => report))
  await chain.warp(2)
  const binding = { ...bound, gpuEvidenceHash }
  if (machine) {
    const report = snpReport(machine, { reportData: Binding.reportData(binding) })
    return Evidence.toJson({
      binding,
      certificates: certificateTable(machine),
      gpus,
      report,
      tee: 'sev-snp',
    })
  }
  return Evidence.toJson({
    binding,
    gpus,
    report: new Uint8Array(8),
    tee: 'tdx',
  })
}

/** Puts the quorum's verdict on what the page shows on chain: on the machine, or on the GPUs in it. */
async function attest(machine: Amd, { devices }: { devices?: readonly Gpu[] } = {}): Promise<void> {
  const { client, deployment } = chain
  const shows = Evidence.fromJson(page)
  if (shows.tee === 'none') throw new Error(shows.reason)
  const { binding } = shows
  const { number, timestamp: at } = await client.getBlock()
  const scene = {
    at,
    binding,
    expected: binding,
    head: { hashAt: binding.blockHash, number },
    providerId: 1n,
    quorumId: BigInt(quorum),
  }
  const judged = await (devices
    ? Attestation.ofGpus(shows.gpus, {
        ...scene,
        rimRoots: [rim.root],
        rims: [rim.text],
        roots: devices.flatMap(({ roots }) => roots),
      })
    : QuorumVerdict.ofSnp(shows.report, { ...keysOf(machine), ...scene }))
  if (!judged.ok) throw new Error(judged.refusal.message)
  const { evidence: published, verdict } = judged.claims
  const domain = { chainId: 31_337, registry: deployment.attestationRegistry }
  const signed = [3, 4].map(async (index) => {
    const account = accountOf(index)
    const signature = await QuorumVerdict.sign(verdict, { ...domain, account })
    return { binding, evidence: published, signature, signer: account.address, verdict }
  })
  await Verdicts.put(chain.walletOf(1), { deployment, signed: await Promise.all(signed) })
}

function sign(index: number, machine: string, more: readonly string[] = []): Promise<run.Result> {
  const of = ['--provider', '1', '--quorum', quorum, '--evidence', machine]
  const measured = more.includes('--rim') ? [] : ['--rim', at('rim.xml')]
  return as(index, ['attester', 'sign', '--gpus', ...of, ...measured, ...more])
}

function as(index: number, args: readonly string[]): Promise<run.Result> {
  const key = accountOf(index).getHdKey().privateKey ?? new Uint8Array()
  return run(args, { ...home.env, JEJU_PRIVATE_KEY: toHex(key) })
}

const at = (name: string): string => join(home.path, name)

function put(name: string, text: string): string {
  writeFileSync(at(name), text)
  return at(name)
}
