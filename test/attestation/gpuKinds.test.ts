import { Attestation } from '@jejunetwork/sdk'
import { keccak256 } from 'viem'
import { expect, test } from 'vitest'
import { evidence, type Gpu, gpu } from './Gpu.ts'
import { manifest } from './Manifest.ts'

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

/** What an attester finds of a machine with these devices. */
function judge(devices: readonly Gpu[]): ReturnType<typeof Attestation.ofGpus> {
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
  const gpus = devices.map((device) => evidence(device, Binding.gpuNonce(bound), { measurements: GOOD }))
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
