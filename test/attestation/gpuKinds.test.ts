import { Attestation } from '@jejunetwork/sdk'
import { keccak256 } from 'viem'
import { describe, expect, test } from 'vitest'
import { checkSwitches } from '../../packages/sdk/src/attestation/NvSwitches.ts'
import { evidence, type Gpu, gpu } from './Gpu.ts'
import { manifest } from './Manifest.ts'
import { claims as claimsIn, gpuOf, seconds, vector } from './Vectors.ts'

const { Binding } = Attestation
const ACCOUNT = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const GOOD = [new Uint8Array(48), new Uint8Array(48).fill(1)]

test.each([
  ['Blackwell', ['GB100'], 2],
  ['a switch alone', ['LS_10'], 3],
  ['Hopper with its switch', ['GH100', 'LS_10'], 1],
  ['Blackwell with its switch', ['LS_10', 'GB100'], 2],
] as const)('a verdict on %s names its kind', async (_, models, kind) => {
  const judged = await judge(models.map((model) => gpu(model)))
  if (!judged.ok) throw new Error(judged.refusal.message)
  expect(judged.claims.verdict).toMatchObject({ evidence: kind, provider: ACCOUNT, quorumId: 7n })
  expect(judged.claims.verdict.devices).toHaveLength(models.length)
})

test('GPUs of two kinds are not of one verdict, nor is one device twice', async () => {
  const one = gpu('GH100')
  expect(await judge([one, gpu('GB100')])).toMatchObject({
    ok: false,
    refusal: { code: 'GPU_ARCHITECTURE' },
  })
  expect(await judge([one, one])).toMatchObject({ ok: false, refusal: { code: 'GPU_DEVICES' } })
})

describe('a Hopper in protected-PCIe mode, whose links are plain,', () => {
  const [one, other] = [
    [1, 2, 3, 4, 5, 6, 7, 8],
    [9, 2, 3, 4, 5, 6, 7, 8],
  ] as const
  const turned = (id: readonly number[]) => id.toReversed()
  const links = [...turned(one), ...turned(one), ...turned(other), ...new Array<number>(8).fill(0)]
  const mode: Fields = [[36, [2, 0]]]
  const hopper: Fields = [...mode, [22, links]]

  test('is attested with every switch that it names', async () => {
    const devices = [gpu('GH100'), gpu('LS_10'), gpu('LS_10')]
    const found = await judge(devices, [hopper, [[22, one]], [[22, other]]])
    expect(found.ok ? found.claims.verdict.devices : found.refusal.message).toHaveLength(3)
  })

  test.each<[string, Fields, Fields]>([
    ['one of two', hopper, [[22, one]]],
    ['another', hopper, [[22, turned(one)]]],
    ['one that does not say which it is', hopper, []],
    ['one, and names none', mode, [[22, one]]],
    ['one, and names none, by the older field', [[21, [0xaa]]], [[22, one]]],
  ])('is refused with the evidence of %s', async (_, fields, beside) => {
    const found = await judge([gpu('GH100'), gpu('LS_10')], [fields, beside])
    expect(found).toMatchObject({ ok: false, refusal: { code: 'GPU_SWITCHES' } })
  })

  test('as one of the vectors is, says which switches are missing', async () => {
    const { nonce, ...shown } = gpuOf(vector('nvidia/hopper-sdk'))
    const at = seconds('2026-06-01T00:00:00Z')
    const claims = claimsIn(await Attestation.Nvidia.verify(shown, { at, nonce }))
    // Eighteen links to four switches, as NVIDIA's own check of the topology wants it.
    expect(() => checkSwitches([claims])).toThrow(
      'is none, and must be 03dba23b3c11bd8a, 3a53b743d811e977, 666e93e19dec7d2d, 9ae3beba9e673275.',
    )
    const old = gpuOf(vector('nvidia/hopper-535'))
    checkSwitches([claimsIn(await Attestation.Nvidia.verify(old, { at, nonce: old.nonce }))])
  })
})

type Fields = NonNullable<evidence.Options['fields']>

/** What an attester finds of a machine with these devices, which say more of themselves in `fields`. */
function judge(
  devices: readonly Gpu[],
  fields: readonly Fields[] = [],
): ReturnType<typeof Attestation.ofGpus> {
  const at = devices[0]?.at ?? 0n
  const bound = {
    agentId: 1n,
    blockHash: keccak256('0x03'),
    blockNumber: 9n,
    chainId: 31_337n,
    provider: ACCOUNT,
    registry: ACCOUNT,
    sshHostKeyHash: keccak256('0x01'),
    tlsSpkiHash: keccak256('0x02'),
  } as const
  const gpus = devices.map((device, index) =>
    evidence(device, Binding.gpuNonce(bound), { fields: fields[index] ?? [], measurements: GOOD }),
  )
  const gpuEvidenceHash = Binding.gpuEvidenceHash(gpus.map(({ report }) => report))
  const binding = { ...bound, gpuEvidenceHash }
  const rim = manifest('590.12', GOOD, at)
  return Attestation.ofGpus(gpus, {
    at,
    binding,
    expected: binding,
    head: { hashAt: binding.blockHash, number: 10n },
    providerId: 1n,
    quorumId: 7n,
    rimRoots: [rim.root],
    rims: [rim.text],
    roots: devices.flatMap(({ roots }) => roots),
  })
}
