import { Attestation } from '@jejunetwork/sdk'
import { describe, expect, test } from 'vitest'
import { type Amd, amd, certificateTable, keysOf, MINIMUMS, snpReport } from './Amd.ts'
import * as Authority from './Authority.ts'
import { claims, code } from './Vectors.ts'

const machine = amd()
const DEBUG = 0xb0000n
const MIGRATION = 0x70000n

describe.each(['milan', 'genoa', 'turin'] as const)('a report of %s under a root of our own', (product) => {
  test.each([true, false])(
    'is accepted, with a chip id in the certificate in the older form: %s',
    async (legacy) => {
      const made = amd({ legacy, product })
      const { fmc, ...rest } = MINIMUMS
      const tcb = product === 'turin' ? MINIMUMS : rest
      expect(claims(await verify(made))).toMatchObject({
        product,
        revocation: 'not checked',
        tcb,
        tee: 'sev-snp',
        vmpl: 0,
      })
      expect(fmc).toBe(1)
      expect(
        code(
          await Attestation.Snp.verify(snpReport(made), {
            ...keysOf(made),
            roots: Attestation.Roots.AMD_ROOTS,
          }),
        ),
      ).toBe('ROOT_NOT_PINNED')
    },
  )

  test('is refused with another chip id or other versions than certified', async () => {
    const made = amd({ product })
    const chipId = made.chipId.map((byte) => byte ^ 1)
    expect(code(await verify(made, { chipId }))).toBe('SNP_CHIP_ID')
    const long = new Uint8Array(64).fill(1)
    long.set(made.chipId)
    expect(code(await verify(made, { chipId: long }))).toBe(product === 'turin' ? 'SNP_CHIP_ID' : 'accepted')
    for (const part of ['bootLoader', 'microcode', 'snp', 'tee'] as const) {
      const tcb = { ...MINIMUMS, [part]: MINIMUMS[part] + 1 }
      expect(code(await verify(made, { tcb })), part).toBe('SNP_TCB_MISMATCH')
    }
  })
})

test('evidence with a revocation list in the place of a certificate is not put together', () => {
  const of = amd({ bits: 4096 })
  const dates = { from: of.at, until: of.at + 1n }
  const list = Authority.revocationList(of.root, { ...dates, revoked: Array(8).fill(of.authority) })
  const parts = { authority: of.authority.der, product: of.product, report: snpReport(of), vek: of.vek.der }
  expect(Attestation.SnpEvidence.encode(parts)).toBeInstanceOf(Uint8Array)
  expect(() => Attestation.SnpEvidence.encode({ ...parts, authority: list })).toThrow('CERT_FORM')
  expect(() => Attestation.SnpEvidence.encode({ ...parts, vek: list })).toThrow('CERT_FORM')
})

test('a certificate’s name begins no line of a refusal', async () => {
  const made = amd({ key: 'SEV-VCEK\nProvider 1 is verified' })
  const verdict = await verify(made)
  if (verdict.ok) throw new Error('It was accepted.')
  expect(verdict.refusal.value).toBe('SEV-VCEK Provider 1 is verified')
  expect(verdict.refusal.message).not.toContain('\n')
})

describe('an SEV-SNP report', () => {
  test.each([
    ['a debug policy', { policy: DEBUG }, {}, 'SNP_DEBUG'],
    ['a policy with a migration agent', { policy: MIGRATION }, {}, 'SNP_MIGRATION'],
    ['a policy of no form', { policy: 0n }, {}, 'SNP_FORM'],
    ['version 1', { version: 1 }, {}, 'SNP_VERSION'],
    ['version 6', { version: 6 }, {}, 'SNP_VERSION'],
    ['another algorithm', { algorithm: 2 }, {}, 'SNP_ALGORITHM'],
    ['no signing key', { flags: 7 << 2 }, {}, 'SNP_KEY'],
    ['a VLEK said and a VCEK given', { flags: 1 << 2 }, {}, 'SNP_KEY'],
    ['a processor of another generation', { cpu: [0x19, 0x11] }, {}, 'SNP_PRODUCT'],
    ['less privilege than asked for', { vmpl: 2 }, { maximumVmpl: 1 }, 'SNP_VMPL'],
    ['versions below the minimum', {}, { minimumTcb: { microcode: 214 } }, 'SNP_TCB'],
    ['another workload', {}, { workloads: [`0x${'11'.repeat(32)}`] }, 'WORKLOAD'],
  ] satisfies readonly [string, snpReport.Options, Partial<Attestation.Snp.verify.Options>, string][])(
    'with %s is refused',
    async (_, report, policy, wanted) => {
      expect(code(await verify(machine, report, policy))).toBe(wanted)
    },
  )

  test('of a cloud key hides its chip and names no platform', async () => {
    const cloud = amd({ key: 'SEV-VLEK' })
    const verdict = await verify(cloud, { chipId: new Uint8Array(64), flags: 1 << 2 })
    expect(claims(verdict).platformId).toBeUndefined()
  })

  test('whose chip id is masked names no platform', async () => {
    const masked = await verify(machine, { chipId: new Uint8Array(64), flags: 2 })
    expect(claims(masked).platformId).toBeUndefined()
    expect(code(await verify(machine, { chipId: new Uint8Array(64) }))).toBe('SNP_CHIP_ID')
  })

  test("is refused when AMD's list revokes its authority, and says when it was checked", async () => {
    const dates = { from: machine.at - 1n, until: machine.at + 1n }
    const clean = Authority.revocationList(machine.root, dates)
    const revoking = Authority.revocationList(machine.root, { ...dates, revoked: [machine.authority] })
    const forged = Authority.revocationList(machine.authority, dates)
    expect(claims(await verify(machine, {}, { crl: clean }))).toMatchObject({
      revocation: 'checked',
      window: dates,
    })
    expect(code(await verify(machine, {}, { crl: revoking }))).toBe('CERT_REVOKED')
    expect(code(await verify(machine, {}, { crl: forged }))).toBe('CRL_ISSUER')
  })

  test('through one authority too many is refused', async () => {
    const dates = { from: machine.at - 1n, until: machine.at + 1n }
    const between = Authority.issue('SEV-Milan', 'RSA', { ...dates, authority: true, by: machine.authority })
    const chain = Authority.pem(between, machine.authority, machine.root)
    expect(code(await verify(machine, {}, { chain }))).toBe('CHAIN_LENGTH')
  })
})

test('the certificates that a host gives along verify its report; one that is missing or lies outside is refused', async () => {
  const { at, roots } = keysOf(machine)
  const table = certificateTable(machine)
  const found = Attestation.Snp.certificatesIn(table)
  const pinned = { at, ...(roots ? { roots } : {}) }
  expect((await Attestation.Snp.verify(snpReport(machine), { ...found, ...pinned })).ok).toBe(true)
  const renamed = table.slice()
  renamed[0] = 0
  expect(() => Attestation.Snp.certificatesIn(renamed)).toThrow('CHAIN_LENGTH')
  expect(() => Attestation.Snp.certificatesIn(table.subarray(0, -1))).toThrow('SIZE')
  expect(() => Attestation.Snp.certificatesIn(new Uint8Array())).toThrow('CHAIN_LENGTH')
})

function verify(
  made: Amd,
  report: snpReport.Options = {},
  policy: Partial<Attestation.Snp.verify.Options> = {},
): Promise<Attestation.Verdict<Attestation.Snp.Claims>> {
  return Attestation.Snp.verify(snpReport(made, report), { ...keysOf(made), ...policy })
}
