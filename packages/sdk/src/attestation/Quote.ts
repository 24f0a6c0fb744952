import { type Bytes, hex, isZero, own } from './Bytes.ts'
import { type Reader, reader } from './Reader.ts'
import { refuse } from './Refusal.ts'

/** What an enclave's report says; the quoting enclave's own report has the same form. */
export type EnclaveReport = {
  kind: 'enclave'
  cpuSvn: Bytes
  miscSelect: Bytes
  attributes: Bytes
  mrEnclave: Bytes
  mrSigner: Bytes
  isvProdId: number
  isvSvn: number
  reportData: Bytes
}

/** What a trust domain's report says. The last two are of TDX 1.5. */
export type TdReport = {
  kind: 'td'
  teeTcbSvn: Bytes
  mrSeam: Bytes
  mrSignerSeam: Bytes
  seamAttributes: Bytes
  tdAttributes: Bytes
  xfam: Bytes
  mrTd: Bytes
  mrConfigId: Bytes
  mrOwner: Bytes
  mrOwnerConfig: Bytes
  rtmrs: readonly [Bytes, Bytes, Bytes, Bytes]
  reportData: Bytes
  /** Security versions of the module that runs now, where it was replaced under a running domain. */
  teeTcbSvn2?: Bytes
  mrServiceTd?: Bytes
}

export type Quote = {
  version: 3 | 4 | 5
  body: EnclaveReport | TdReport
  /** Header and body, as the attestation key signed them. */
  signed: Bytes
  signature: Bytes
  attestationKey: Bytes
  qeReport: Bytes
  qeReportSignature: Bytes
  qeAuthData: Bytes
  /** The PCK certificate and its authorities, PEM. */
  pckChain: Bytes
}

const LIMIT = 32 * 1024
const INTEL_QE_VENDOR = '939a7233f79c4ca9940a0db3957f0607'
const SGX = 0
const TDX = 0x81
const BODY_LENGTH: Readonly<Record<number, number>> = { 1: 384, 2: 584, 3: 648 }
const FORM = { code: 'QUOTE_FORM', subject: 'quote' } as const

/** Reads an SGX v3, TDX v4 or v5 quote with ECDSA P-256. Only zero bytes may follow it. */
export function quote(input: Uint8Array): Quote {
  const bytes = own(input, { limit: LIMIT, subject: 'quote' })
  const fields = reader(bytes, FORM)
  const { tee, version } = header(fields)
  const kind = version === 5 ? fields.u16() : tee === SGX ? 1 : 2
  const length = BODY_LENGTH[kind]
  if (length === undefined || (kind === 1) !== (tee === SGX) || (version === 5 && fields.u32() !== length)) {
    return refuse('QUOTE_BODY', "quote's body type", {
      bound: '1 (SGX), 2 (TDX 1.0) or 3 (TDX 1.5)',
      value: kind,
    })
  }
  const body = fields.take(length)
  const signed = bytes.subarray(0, fields.at())
  const auth = reader(fields.take(fields.u32()), { ...FORM, subject: "quote's authentication data" })
  const padding = fields.take(fields.left())
  if (!isZero(padding))
    refuse('QUOTE_FORM', 'what follows the quote', { bound: 'zero bytes', value: padding })
  const report = kind === 1 ? enclaveReport(body) : tdReport(body)
  return { body: report, signed, version, ...authentication(auth, version) }
}

/** Reads the 384 bytes of an enclave's report. */
export function enclaveReport(body: Bytes): EnclaveReport {
  const at = (offset: number, length: number): Bytes => body.subarray(offset, offset + length)
  const fields = reader(at(256, 4), FORM)
  return {
    attributes: at(48, 16),
    cpuSvn: at(0, 16),
    isvProdId: fields.u16(),
    isvSvn: fields.u16(),
    kind: 'enclave',
    miscSelect: at(16, 4),
    mrEnclave: at(64, 32),
    mrSigner: at(128, 32),
    reportData: at(320, 64),
  }
}

function tdReport(body: Bytes): TdReport {
  const at = (offset: number, length: number): Bytes => body.subarray(offset, offset + length)
  const report: TdReport = {
    kind: 'td',
    mrConfigId: at(184, 48),
    mrOwner: at(232, 48),
    mrOwnerConfig: at(280, 48),
    mrSeam: at(16, 48),
    mrSignerSeam: at(64, 48),
    mrTd: at(136, 48),
    reportData: at(520, 64),
    rtmrs: [at(328, 48), at(376, 48), at(424, 48), at(472, 48)],
    seamAttributes: at(112, 8),
    tdAttributes: at(120, 8),
    teeTcbSvn: at(0, 16),
    xfam: at(128, 8),
  }
  return body.length === 648 ? { ...report, mrServiceTd: at(600, 48), teeTcbSvn2: at(584, 16) } : report
}

function header(fields: Reader): { tee: number; version: 3 | 4 | 5 } {
  const version = fields.u16()
  if (version !== 3 && version !== 4 && version !== 5) {
    return refuse('QUOTE_VERSION', "quote's version", { bound: '3, 4 or 5', value: version })
  }
  const keyType = fields.u16()
  if (keyType !== 2) {
    refuse('QUOTE_KEY_TYPE', "quote's attestation key type", { bound: '2 (ECDSA P-256)', value: keyType })
  }
  const tee = fields.u32()
  if (tee !== SGX && (tee !== TDX || version === 3)) {
    refuse('QUOTE_TEE', "quote's TEE type", {
      bound: version === 3 ? '0 (SGX)' : '0 (SGX) or 129 (TDX)',
      value: tee,
    })
  }
  fields.take(4)
  const vendor = fields.take(16)
  if (hex(vendor) !== INTEL_QE_VENDOR) {
    refuse('QUOTE_VENDOR', "quote's QE vendor", { bound: `0x${INTEL_QE_VENDOR}`, value: vendor })
  }
  fields.take(20)
  return { tee, version }
}

/** From version 4 on, the QE's data stands inside a certification of type 6. */
function authentication(auth: Reader, version: number): Omit<Quote, 'body' | 'signed' | 'version'> {
  const signature = auth.take(64)
  const attestationKey = auth.take(64)
  if (version >= 4) certification(auth, { type: 6 })
  const qeReport = auth.take(384)
  const qeReportSignature = auth.take(64)
  const qeAuthData = auth.take(auth.u16())
  const length = certification(auth, { type: 5 })
  const pckChain = auth.take(length)
  return { attestationKey, pckChain, qeAuthData, qeReport, qeReportSignature, signature }
}

function certification(auth: Reader, { type }: { type: number }): number {
  const found = auth.u16()
  if (found !== type)
    refuse('QUOTE_CERTIFICATION', "quote's certification type", { bound: type, value: found })
  const length = auth.u32()
  if (length !== auth.left()) {
    const value = `${length} bytes`
    refuse('QUOTE_FORM', "the certification data's length", { bound: `${auth.left()} bytes`, value })
  }
  return length
}
