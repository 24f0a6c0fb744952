import { Attestation } from '@jejunetwork/sdk'
import { keccak256, toHex } from 'viem'
import { describe, expect, test } from 'vitest'
import { amd, keysOf, snpReport } from './Amd.ts'
import { evidence, gpu } from './Gpu.ts'
import { collateral, intel, tdxQuote } from './Intel.ts'
import { claims, code } from './Vectors.ts'

const { Binding } = Attestation

const binding: Attestation.Binding.Binding = {
  agentId: 0n,
  blockHash: keccak256('0x01'),
  blockNumber: 1000n,
  chainId: 31337n,
  gpuEvidenceHash: Binding.NO_GPU,
  provider: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
  registry: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
  sshHostKeyHash: keccak256(toHex('ssh host key')),
  tlsSpkiHash: keccak256(toHex('tls key')),
}
const head = { hashAt: binding.blockHash, number: 1001n }

// The two hashes were computed with `cast abi-encode`, `cast keccak` and sha256sum.
test('the report data is the hash of the binding, then zeros', () => {
  const data = Binding.reportData(binding)
  expect(data).toHaveLength(64)
  expect(data.slice(32)).toStrictEqual(new Uint8Array(32))
  expect(toHex(data.slice(0, 32))).toBe('0xc2f66f07e32131c9f8ad5b2e323a74c665e403dd967a3df5fc52695dbf0739b5')
  expect(toHex(Binding.gpuNonce(binding))).toBe(
    '0xb2fbdd27a4d9232a1f97364a54b9e1cd27dad9a72e8ddc4c9a4aebd59ac681cc',
  )
})

describe('the same binding in every kind of TEE', () => {
  const data = Binding.reportData(binding)

  test('is found in a TDX quote', async () => {
    const machine = intel()
    const options = { at: machine.at, collateral: collateral(machine), roots: machine.roots }
    const { reportData } = claims(
      await Attestation.Dcap.verify(tdxQuote(machine, { reportData: data }), options),
    )
    expect(claims(await Binding.verify(reportData, { binding, expected: binding, head }))).toStrictEqual(
      binding,
    )
  })

  test('is found in an SNP report', async () => {
    const machine = amd()
    const report = snpReport(machine, { reportData: data })
    const { reportData } = claims(await Attestation.Snp.verify(report, keysOf(machine)))
    expect(claims(await Binding.verify(reportData, { binding, expected: binding, head }))).toStrictEqual(
      binding,
    )
  })
})

describe('a quote that is genuine and bound', () => {
  const other = keccak256('0x02')
  const address = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'

  test.each([
    ['another chain', { chainId: 1n }, 'BINDING_CHAIN'],
    ['another registry', { registry: address }, 'BINDING_REGISTRY'],
    ['another agent', { agentId: 7n }, 'BINDING_AGENT'],
    ['another provider', { provider: address }, 'BINDING_PROVIDER'],
    ['another SSH host key', { sshHostKeyHash: other }, 'BINDING_SSH_HOST_KEY'],
    ['another TLS key', { tlsSpkiHash: other }, 'BINDING_TLS_KEY'],
    ['other GPU evidence', { gpuEvidenceHash: other }, 'BINDING_GPU_EVIDENCE'],
    ['another block', { blockHash: other }, 'BINDING_BLOCK_HASH'],
  ] satisfies readonly [string, Partial<Attestation.Binding.Binding>, string][])(
    'to %s is refused, whether it says so or not',
    async (_, change, wanted) => {
      const honest = { ...binding, ...change }
      const data = Binding.reportData(honest)
      expect(code(await Binding.verify(data, { binding: honest, expected: { ...binding }, head }))).toBe(
        wanted,
      )
      expect(code(await Binding.verify(data, { binding, expected: binding, head }))).toBe(
        'BINDING_REPORT_DATA',
      )
    },
  )

  test('to a block out of reach is refused: old, or not there yet', async () => {
    const data = Binding.reportData(binding)
    const at = async (number: bigint, maximumAge?: bigint): Promise<string> => {
      const age = maximumAge === undefined ? {} : { maximumAge }
      return code(
        await Binding.verify(data, { binding, expected: binding, head: { ...head, number }, ...age }),
      )
    }
    expect(await at(1000n + Binding.MAXIMUM_AGE)).toBe('accepted')
    expect(await at(1001n + Binding.MAXIMUM_AGE)).toBe('BINDING_STALE')
    expect(await at(1256n, 256n)).toBe('accepted')
    expect(await at(1257n, 256n)).toBe('BINDING_STALE')
    expect(await at(1000n)).toBe('BINDING_FUTURE')
  })

  test('with anything in the second half is refused', async () => {
    const data = Binding.reportData(binding)
    data[63] = 1
    expect(code(await Binding.verify(data, { binding, expected: binding, head }))).toBe('BINDING_REPORT_DATA')
  })
})

describe.each(['GH100', 'GB100', 'LS_10'] as const)('evidence of a %s', (model) => {
  const device = gpu(model)
  const nonce = Binding.gpuNonce(binding)
  const options = { at: device.at, nonce, roots: device.roots }

  test('asked with the nonce of the binding is accepted, and one device is one', async () => {
    const one = claims(await Attestation.Nvidia.verify(evidence(device, nonce), options))
    const again = claims(await Attestation.Nvidia.verify(evidence(device, nonce), options))
    const other = gpu(model)
    const two = claims(
      await Attestation.Nvidia.verify(evidence(other, nonce), { ...options, roots: other.roots }),
    )
    expect(one).toMatchObject({ driver: '590.12', firmwareId: 'matched', model: `${model} A01 GSP BROM` })
    expect(again.deviceId).toBe(one.deviceId)
    expect(two.deviceId).not.toBe(one.deviceId)
  })

  test('relayed from a machine of another binding is refused', async () => {
    const relayed = Binding.gpuNonce({ ...binding, provider: '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC' })
    expect(code(await Attestation.Nvidia.verify(evidence(device, relayed), options))).toBe('GPU_NONCE')
  })

  test('that is not the evidence in the report data is refused', async () => {
    const mine = evidence(device, nonce)
    const bound = { ...binding, gpuEvidenceHash: Binding.gpuEvidenceHash([mine.report]) }
    const data = Binding.reportData(bound)
    const swapped = Binding.gpuEvidenceHash([evidence(device, nonce).report])
    const verdict = await Binding.verify(data, {
      binding: bound,
      expected: { ...bound, gpuEvidenceHash: swapped },
      head,
    })
    expect(code(verdict)).toBe('BINDING_GPU_EVIDENCE')
    expect(code(await Binding.verify(data, { binding: bound, expected: bound, head }))).toBe('accepted')
  })

  test('that names firmware which is not certified is refused', async () => {
    const forged = evidence(device, nonce, { firmwareId: new Uint8Array(48).fill(1) })
    expect(code(await Attestation.Nvidia.verify(forged, options))).toBe('GPU_FWID')
  })
})

test('a device of another kind is refused, and so is one under another root', async () => {
  const nonce = Binding.gpuNonce(binding)
  const unknown = gpu('XX100')
  const options = { at: unknown.at, nonce }
  expect(
    code(await Attestation.Nvidia.verify(evidence(unknown, nonce), { ...options, roots: unknown.roots })),
  ).toBe('GPU_ARCHITECTURE')
  expect(code(await Attestation.Nvidia.verify(evidence(unknown, nonce), options))).toBe('ROOT_NOT_PINNED')
})

test('the hash of GPU evidence depends on each report and on their order', () => {
  const [one, two] = [Uint8Array.of(1), Uint8Array.of(2)]
  const hashes = [[], [one], [two], [one, two], [two, one]].map((reports) => Binding.gpuEvidenceHash(reports))
  expect(new Set(hashes).size).toBe(hashes.length)
  expect(hashes[0]).toBe(Binding.NO_GPU)
})

test('evidence counts until its window ends, and for seven days at most', () => {
  const week = 604_800n
  expect(Attestation.expiry({ from: 0n, until: 1000n + week }, 1000n)).toBe(1000n + week)
  expect(Attestation.expiry({ from: 0n, until: 1000n + week + 1n }, 1000n)).toBe(1000n + week)
  expect(Attestation.expiry({ from: 0n, until: 1001n }, 1000n)).toBe(1001n)
})
