import { Attestation } from '@jejunetwork/sdk'
import { describe, expect, test } from 'vitest'
import { code, gpuOf, quoteOf, reportOf, seconds, text, vector } from './Vectors.ts'

// Each change is of real evidence, at the place that the check is about; offsets are the vendors'.

describe('a quote', () => {
  const of = vector('tdx/v4-phala-uptodate')
  const { collateral, quote } = quoteOf(of)
  const at = seconds(of.verifyAt)

  test.each([
    ['version 6', 0, [6], 'QUOTE_VERSION'],
    ['version 3, which has no TDX', 0, [3], 'QUOTE_TEE'],
    ['version 5, which has a body type', 0, [5], 'QUOTE_BODY'],
    ['another kind of attestation key', 2, [3], 'QUOTE_KEY_TYPE'],
    ['another TEE', 4, [0x82], 'QUOTE_TEE'],
    ['SGX, whose body is shorter', 4, [0], 'QUOTE_FORM'],
    ['another vendor', 12, [0], 'QUOTE_VENDOR'],
    ['another body', 48 + 136, [0], 'QUOTE_SIGNATURE'],
    ['authentication data longer than the quote', 634, [1], 'QUOTE_FORM'],
    ['another signature', 636, [0], 'QUOTE_SIGNATURE'],
    ['another attestation key', 700, [0], 'QE_REPORT_DATA'],
    ['a certification of another kind outside', 764, [5], 'QUOTE_CERTIFICATION'],
    ['a certification of another length', 766, [0], 'QUOTE_FORM'],
    ['another QE report', 770, [0xff], 'QE_REPORT_SIGNATURE'],
    ['another signature of the QE report', 1154, [0], 'QE_REPORT_SIGNATURE'],
    ['other authentication data of the QE', 1220, [0xff], 'QE_REPORT_DATA'],
    ['a certification of another kind inside', 1252, [1], 'QUOTE_CERTIFICATION'],
    ['something behind its end', 5005, [1], 'QUOTE_FORM'],
  ] satisfies readonly [string, number, number[], string][])(
    'with %s is refused',
    async (_, offset, bytes, wanted) => {
      const changed = patch(quote, offset, bytes)
      expect(code(await Attestation.Dcap.verify(changed, { at, collateral }))).toBe(wanted)
    },
  )

  test('that is cut anywhere is refused', async () => {
    for (let length = 0; length < 4936; length += 37) {
      const verdict = await Attestation.Dcap.verify(quote.slice(0, length), { at, collateral })
      expect(code(verdict), `${length} bytes`).toMatch(/^QUOTE_/)
    }
  })

  test('with signatures over other collateral is refused', async () => {
    const other = quoteOf(vector('tdx/v5-automata-alibaba')).collateral
    const { qeIdentitySignature, tcbInfoSignature } = other
    const verify = (changed: object) =>
      Attestation.Dcap.verify(quote, { at, collateral: { ...collateral, ...changed } })
    expect(code(await verify({ tcbInfoSignature }))).toBe('TCB_INFO_SIGNATURE')
    expect(code(await verify({ qeIdentitySignature }))).toBe('QE_IDENTITY_SIGNATURE')
    expect(code(await verify({ tcbInfoSignature: new Uint8Array(63) }))).toBe('TCB_INFO_SIGNATURE')
    expect(code(await verify({ tcbInfoIssuerChain: '' }))).toBe('PEM')
    expect(code(await verify({ tcbInfo: ` ${collateral.tcbInfo}` }))).toBe('TCB_INFO_SIGNATURE')
    expect(code(await verify({ pckCrl: new Uint8Array(5_000_000) }))).toBe('SIZE')
    expect(code(await verify({ rootCaCrl: collateral.pckCrl }))).toBe('CRL_ISSUER')
  })

  test('is not changed by a caller who changes it while it is verified', async () => {
    const mine = quote.slice()
    const pending = Attestation.Dcap.verify(mine, { at, collateral })
    mine.fill(0)
    expect(code(await pending)).toBe('accepted')
  })
})

describe('collateral', () => {
  test('in JSON without a field, or with one in no form, is refused by its name', () => {
    const json = JSON.parse(text('sgx/v3-phala/collateral.json'))
    const read =
      (changed: object): (() => unknown) =>
      () =>
        Attestation.Collateral.fromJson(JSON.stringify({ ...json, ...changed }))
    expect(read({})).not.toThrow()
    expect(read({ pck_crl: undefined })).toThrow('collateral.pck_crl is missing')
    expect(read({ pck_crl: '0' })).toThrow('Refused by HEX: collateral.pck_crl')
    expect(read({ tcb_info: {} })).toThrow('Refused by JSON: collateral.tcb_info')
    expect(() => Attestation.Collateral.fromJson('{')).toThrow(Attestation.RefusedError)
  })
})

describe('an SNP report', () => {
  const { report, ...keys } = reportOf(vector('sevsnp/trustee-vcek'))
  const at = seconds('2026-06-01T00:00:00Z')

  test.each([
    ['another measurement', 144, 'SNP_SIGNATURE'],
    ['another signature', 672, 'SNP_SIGNATURE'],
    ['a signature longer than the curve', 672 + 48, 'SNP_FORM'],
    ['something behind the signature', 1183, 'SNP_FORM'],
  ] satisfies readonly [string, number, string][])('with %s is refused', async (_, offset, wanted) => {
    const changed = patch(report, offset, [(report[offset] ?? 0) ^ 1])
    expect(code(await Attestation.Snp.verify(changed, { ...keys, at }))).toBe(wanted)
  })

  test('of another length is refused', async () => {
    expect(code(await Attestation.Snp.verify(report.slice(1), { ...keys, at }))).toBe('SNP_FORM')
    expect(code(await Attestation.Snp.verify(new Uint8Array(), { ...keys, at }))).toBe('SNP_FORM')
  })

  test('with certificates in another order, or in no form, is refused', async () => {
    const [ask = '', ark = ''] = Buffer.from(keys.chain)
      .toString()
      .split(/(?<=END CERTIFICATE-----\n)/)
    const verify = (changed: object) => Attestation.Snp.verify(report, { ...keys, ...changed, at })
    expect(code(await verify({ chain: ark + ask }))).toBe('ROOT_NOT_PINNED')
    expect(code(await verify({ chain: ark }))).toBe('CHAIN_LENGTH')
    expect(code(await verify({ chain: '' }))).toBe('PEM')
    expect(code(await verify({ vek: 'x'.repeat(100_000) }))).toBe('SIZE')
  })
})

describe('a certificate', () => {
  const { report, ...keys } = reportOf(vector('sevsnp/trustee-vcek'))
  const vek = Buffer.from(keys.vek)
  const at = seconds('2026-06-01T00:00:00Z')
  const PSS = Buffer.from('06092a864886f70d01010a', 'hex')

  test.each([
    ['an algorithm outside that differs from that inside', vek.lastIndexOf(PSS) + 10, [0x0b], 'CERT_FORM'],
    ['an algorithm that no vendor uses, inside and outside', vek.indexOf(PSS) + 10, [0x0b], 'CERT_FORM'],
    ['a key on another curve', vek.indexOf(Buffer.from('06052b81040022', 'hex')) + 6, [0x23], 'CERT_FORM'],
    ['version 1', vek.indexOf(Buffer.from('a003020102', 'hex')) + 4, [0], 'CERT_FORM'],
    ['a date in no form', vek.indexOf(Buffer.from('170d', 'hex')) + 2, [0x61], 'DER'],
  ] satisfies readonly [string, number, number[], string][])(
    'with %s is refused',
    async (_, offset, bytes, wanted) => {
      const changed = patch(vek, offset, bytes)
      expect(code(await Attestation.Snp.verify(report, { ...keys, at, vek: changed }))).toBe(wanted)
    },
  )
})

describe('GPU evidence', () => {
  test('whose JSON holds no base64 is refused', () => {
    const [item] = JSON.parse(text('nvidia/hopper-sdk/evidence.json'))
    const read = (evidence: string) => () =>
      Attestation.Nvidia.fromJson(JSON.stringify([{ ...item, evidence }]))
    expect(read(item.evidence)).not.toThrow()
    for (const evidence of ['*', 'EeAB ', 'EeAB=', 'EeAB/x=='])
      expect(read(evidence)).toThrow('Refused by BASE64')
  })

  const { chain, nonce, report } = gpuOf(vector('nvidia/hopper-sdk'))
  const at = seconds('2026-06-01T00:00:00Z')

  test.each([
    ['another SPDM version', 0, 'SPDM_FORM'],
    ['another request', 1, 'SPDM_FORM'],
    ['another nonce', 4, 'SPDM_SIGNATURE'],
    ['another slot', 36, 'SPDM_SIGNATURE'],
    ['another response', 38, 'SPDM_FORM'],
    ['another number of measurements', 41, 'SPDM_FORM'],
    ['another length of measurements', 42, 'SPDM_FORM'],
    ['another measurement', 60, 'SPDM_SIGNATURE'],
    ['another signature', 4270, 'SPDM_SIGNATURE'],
  ] satisfies readonly [string, number, string][])('with %s is refused', async (_, offset, wanted) => {
    const changed = patch(report, offset, [(report[offset] ?? 0) ^ 1])
    expect(code(await Attestation.Nvidia.verify({ chain, report: changed }, { at, nonce }))).toBe(wanted)
  })

  test('without its root, or with more behind it, is refused', async () => {
    const pem = Buffer.from(chain).toString()
    const short = pem
      .split(/(?<=END CERTIFICATE-----\n)/)
      .slice(0, 4)
      .join('')
    const long = new Uint8Array([...report, 0])
    expect(code(await Attestation.Nvidia.verify({ chain: short, report }, { at, nonce }))).toBe(
      'CHAIN_LENGTH',
    )
    expect(code(await Attestation.Nvidia.verify({ chain, report: long }, { at, nonce }))).toBe('SPDM_FORM')
  })
})

describe('a RIM', () => {
  const rim = text('nvidia/rim/1010_0200_882_96005E0001_PROD.swidtag')
  const at = seconds('2025-01-01T00:00:00Z')
  const verify = async (changed: string, when = at): Promise<string> =>
    code(await Attestation.Rim.verify(changed, { at: when }))

  test('with another measurement or version is refused', async () => {
    expect(await verify(rim.replace('c3f65ef7', 'c3f65ef8'))).toBe('RIM_SIGNATURE')
    expect(await verify(rim.replace('96.00.5E.00.01', '96.00.5E.00.02'))).toBe('RIM_SIGNATURE')
    expect(await verify(rim.replace('<ds:DigestValue>D', '<ds:DigestValue>E'))).toBe('RIM_SIGNATURE')
    expect(await verify(rim.replace('<ds:SignatureValue>s', '<ds:SignatureValue>t'))).toBe('RIM_SIGNATURE')
  })

  test('whose signature is over another part, of another kind, twice or not there is refused', async () => {
    expect(await verify(rim.replace('URI=""', 'URI="#a"'))).toBe('RIM_FORM')
    expect(await verify(rim.replace('ecdsa-sha384', 'ecdsa-sha256'))).toBe('RIM_FORM')
    const [signature = ''] = /<ds:Signature .*<\/ds:Signature>/s.exec(rim) ?? []
    expect(await verify(rim.replace(signature, ''))).toBe('RIM_FORM')
    expect(await verify(rim.replace(signature, signature + signature))).toBe('RIM_FORM')
    expect(await verify(`<a xmlns="b">${rim.trim()}</a>`)).toBe('RIM_FORM')
  })

  test('is refused once its signer has expired, as one of the vectors did', async () => {
    expect(await verify(rim, seconds('2025-06-22T09:30:33Z'))).toBe('accepted')
    expect(await verify(rim, seconds('2025-06-22T09:30:34Z'))).toBe('CERT_EXPIRED')
    expect(code(await Attestation.Rim.verify(rim, { at, roots: ['00'] }))).toBe('ROOT_NOT_PINNED')
  })
})

function patch(bytes: Uint8Array, offset: number, change: readonly number[]): Uint8Array {
  const copy = new Uint8Array(bytes)
  copy.set(change, offset)
  return copy
}
