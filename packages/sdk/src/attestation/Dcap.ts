import { keccak256 } from 'viem'
import { concat, equal, hex, isZero, matches } from './Bytes.ts'
import { checkName, intersect, verifyChain, type Window } from './Chain.ts'
import type { Collateral } from './Collateral.ts'
import { type Crl, checkNotRevoked, crl, verifyCrl } from './Crl.ts'
import * as Pck from './Pck.ts'
import * as Pem from './Pem.ts'
import * as PlatformTcb from './PlatformTcb.ts'
import { type QeIdentity, qeIdentity } from './QeIdentity.ts'
import { type EnclaveReport, enclaveReport, type Quote, quote as readQuote, type TdReport } from './Quote.ts'
import { judge, refuse, type Verdict } from './Refusal.ts'
import { INTEL_ROOT } from './Roots.ts'
import { sha256, verify as verifySignature } from './Signature.ts'
import { needsUpdate, type Rating, type Status } from './Tcb.ts'
import { tcbInfo } from './TcbInfo.ts'
import { type Certificate, certificate } from './X509.ts'

/** What a genuine SGX or TDX quote proves, at the time asked for. */
export type Claims = {
  tee: 'sgx' | 'tdx1.0' | 'tdx1.5'
  status: Status
  advisories: readonly string[]
  /** keccak256 of the PPID: one per machine, whoever asks. */
  platformId: `0x${string}`
  /** What runs: see `workloadId`. */
  workloadId: `0x${string}`
  reportData: Uint8Array
  fmspc: string
  /** Intel's number of the TCB recovery that the rating follows; standard and early tracks differ in it. */
  evaluation: number
  /** Collateral and certificates hold from `from` until `until`, both included. */
  window: Window
  report: EnclaveReport | TdReport
}

const PCK_NAMES = /^Intel SGX PCK (?:Platform|Processor) CA$/

/**
 * Verifies an SGX v3, TDX v4 or TDX v5 quote as Intel's verifier does, and stricter where that leaves a choice:
 * debug is refused, and so are service TDs that are not named, and out-of-date platforms unless accepted.
 */
export function verify(quote: Uint8Array, options: verify.Options): Promise<Verdict<Claims>> {
  return judge(() => verified(quote, options))
}

export declare namespace verify {
  type Options = {
    collateral: Collateral
    /** The time to verify at, in seconds. */
    at: bigint
    /** SHA-256 hashes of root keys; Intel's unless said otherwise. */
    roots?: readonly string[]
    /** Accepts OutOfDate and TDRelaunchAdvised ratings; never Revoked. */
    acceptOutOfDate?: boolean
    /** Service TDs, by measurement, that may be bound to a TDX 1.5 domain. None by default. */
    serviceTds?: readonly Uint8Array[]
    /** The lowest TCB evaluation data number to accept. */
    minimumEvaluation?: number
    /** The workload ids to accept; any by default. */
    workloads?: readonly `0x${string}`[]
  }
}

/**
 * What runs. TDX: keccak256 of attributes, XFAM, MRTD and RTMR 0 to 2 (RTMR 3 changes at run time).
 * SGX: keccak256 of MRENCLAVE, MRSIGNER, product id and security version, the last two little-endian.
 */
export function workloadId(report: EnclaveReport | TdReport): `0x${string}` {
  if (report.kind === 'td') {
    return keccak256(concat(report.tdAttributes, report.xfam, report.mrTd, ...report.rtmrs.slice(0, 3)))
  }
  const { isvProdId, isvSvn, mrEnclave, mrSigner } = report
  const numbers = [isvProdId, isvSvn].flatMap((number) => [number & 0xff, number >> 8])
  return keccak256(concat(mrEnclave, mrSigner, Uint8Array.from(numbers)))
}

async function verified(input: Uint8Array, options: verify.Options): Promise<Claims> {
  const quote = readQuote(input)
  const tee = quote.body.kind === 'td' ? 'tdx' : 'sgx'
  const { collateral } = options
  const { pck, rootCrl, window: pckWindow } = await verifyPck(quote, options)
  await verifySignatures(quote, pck)
  const context = { at: options.at, rootCrl, roots: options.roots ?? [INTEL_ROOT], tee } as const
  const { info, window: infoWindow } = await tcbInfo(collateral, context)
  const { identity, window: qeWindow } = await qeIdentity(collateral, context)

  const qe = rateQe(enclaveReport(quote.qeReport), identity)
  const platform = Pck.platform(pck)
  const rating = PlatformTcb.rate({ info, platform, qe, report: quote.body })
  const evaluation = Math.min(info.evaluation, identity.evaluation)
  checkPolicy(quote, { ...options, evaluation, rating })

  return {
    advisories: rating.advisories,
    evaluation,
    fmspc: hex(platform.fmspc),
    platformId: keccak256(platform.ppid),
    report: quote.body,
    reportData: quote.body.reportData,
    status: rating.status,
    tee: teeOf(quote.body),
    window: intersect(pckWindow, infoWindow, qeWindow),
    workloadId: workloadId(quote.body),
  }
}

async function verifyPck(
  { pckChain }: Quote,
  { at, collateral, roots = [INTEL_ROOT] }: verify.Options,
): Promise<{ pck: Certificate; rootCrl: Crl; window: Window }> {
  const subject = 'PCK chain'
  const chain = Pem.certificates(pckChain, subject).map((der) => certificate(der, subject))
  const [pck, authority, root, ...rest] = chain
  if (!pck || !authority || !root || rest.length > 0) {
    return refuse('CHAIN_LENGTH', subject, { bound: '3 certificates', value: chain.length })
  }
  const dates = await verifyChain(chain, { at, roots, subject })
  checkName(pck, { subject: 'PCK certificate', wanted: 'Intel SGX PCK Certificate' })
  if (!PCK_NAMES.test(authority.commonName)) {
    const bound = 'Intel SGX PCK Platform CA or Processor CA'
    refuse('CERT_NAME', "PCK authority's name", { bound, value: authority.commonName })
  }
  const rootCrl = crl(collateral.rootCaCrl, 'root CRL')
  const pckCrl = crl(collateral.pckCrl, 'PCK CRL')
  const rootWindow = await verifyCrl(rootCrl, { at, issuer: root, subject: 'root CRL' })
  const pckWindow = await verifyCrl(pckCrl, { at, issuer: authority, subject: 'PCK CRL' })
  checkNotRevoked(authority, { list: rootCrl, subject: 'PCK authority' })
  checkNotRevoked(pck, { list: pckCrl, subject: 'PCK certificate' })
  return { pck, rootCrl, window: intersect(dates, rootWindow, pckWindow) }
}

/** The PCK certificate signs the quoting enclave, which names the attestation key, which signs the quote. */
async function verifySignatures(quote: Quote, pck: Certificate): Promise<void> {
  const { attestationKey, body, qeAuthData, qeReport, qeReportSignature, signature, signed } = quote
  const algorithm = 'ecdsa-sha256'
  if (!(await verifySignature(pck.key, { algorithm, message: qeReport, signature: qeReportSignature }))) {
    const bound = 'made by the PCK certificate'
    refuse('QE_REPORT_SIGNATURE', "the QE report's signature", { bound, value: 'wrong' })
  }
  const { reportData } = enclaveReport(qeReport)
  const wanted = concat(await sha256(attestationKey, qeAuthData), new Uint8Array(32))
  if (!equal(reportData, wanted)) {
    refuse('QE_REPORT_DATA', "the QE report's data", { bound: wanted, value: reportData })
  }
  const key = { kind: 'P-256', point: attestationKey } as const
  if (!(await verifySignature(key, { algorithm, message: signed, signature }))) {
    const subject = `the ${body.kind === 'td' ? 'TDX' : 'SGX'} quote's signature`
    refuse('QUOTE_SIGNATURE', subject, { bound: 'made by its attestation key', value: 'wrong' })
  }
}

function rateQe(qe: EnclaveReport, identity: QeIdentity): Rating {
  if (((qe.attributes[0] ?? 0) & 2) !== 0) {
    refuse('QE_DEBUG', "the quoting enclave's attributes", { bound: 'without debug', value: qe.attributes })
  }
  const { attributes, attributesMask, isvProdId, miscSelect, miscSelectMask, mrSigner } = identity
  const subject = "the quoting enclave's"
  if (!equal(qe.mrSigner, mrSigner)) {
    refuse('QE_IDENTITY', `${subject} signer`, { bound: mrSigner, value: qe.mrSigner })
  }
  if (qe.isvProdId !== isvProdId) {
    refuse('QE_IDENTITY', `${subject} product id`, { bound: isvProdId, value: qe.isvProdId })
  }
  if (!matches(qe.miscSelect, { mask: miscSelectMask, wanted: miscSelect })) {
    refuse('QE_IDENTITY', `${subject} MISCSELECT under mask`, { bound: miscSelect, value: qe.miscSelect })
  }
  if (!matches(qe.attributes, { mask: attributesMask, wanted: attributes })) {
    refuse('QE_IDENTITY', `${subject} attributes under mask`, { bound: attributes, value: qe.attributes })
  }
  const level = identity.levels.find(({ minimums }) => qe.isvSvn >= minimums.isvSvn)
  if (level && level.status !== 'Revoked') return level
  const lowest =
    identity.levels.filter(({ status }) => status !== 'Revoked').at(-1)?.minimums.isvSvn ?? 'none listed'
  return refuse('QE_TCB', `${subject} security version`, { bound: `at least ${lowest}`, value: qe.isvSvn })
}

type Judged = verify.Options & { evaluation: number; rating: Rating }

function checkPolicy({ body }: Quote, options: Judged): void {
  const {
    acceptOutOfDate = false,
    evaluation,
    minimumEvaluation = 0,
    rating,
    serviceTds = [],
    workloads,
  } = options
  if (body.kind === 'td') checkTd(body, serviceTds)
  else if (((body.attributes[0] ?? 0) & 2) !== 0) {
    refuse('ENCLAVE_DEBUG', "the enclave's attributes", { bound: 'without debug', value: body.attributes })
  }
  if (rating.status === 'Revoked') {
    refuse('TCB_REVOKED', "the platform's status", { bound: 'not revoked', value: rating.status })
  }
  if (needsUpdate(rating.status) && !acceptOutOfDate) {
    refuse('TCB_OUT_OF_DATE', "the platform's status", { bound: 'up to date', value: rating.status })
  }
  if (evaluation < minimumEvaluation) {
    const bound = `at least ${minimumEvaluation}`
    refuse('TCB_EVALUATION', "the collateral's evaluation number", { bound, value: evaluation })
  }
  const workload = workloadId(body)
  if (workloads && !workloads.includes(workload)) {
    refuse('WORKLOAD', 'the workload', { bound: workloads.join(' or ') || 'none', value: workload })
  }
}

/** The whole first byte of the attributes means that the host may look inside; bit 0 is debug. */
function checkTd({ mrServiceTd, tdAttributes }: TdReport, serviceTds: readonly Uint8Array[]): void {
  if (tdAttributes[0] !== 0) {
    refuse('TD_DEBUG', "the domain's attributes", {
      bound: 'without debug (first byte 00)',
      value: tdAttributes,
    })
  }
  if (!mrServiceTd || isZero(mrServiceTd) || serviceTds.some((named) => equal(named, mrServiceTd))) return
  const bound = serviceTds.map((named) => `0x${hex(named)}`).join(' or ') || 'none (zero)'
  refuse('SERVICE_TD', "the domain's service TD", { bound, value: mrServiceTd })
}

function teeOf(body: EnclaveReport | TdReport): Claims['tee'] {
  if (body.kind === 'enclave') return 'sgx'
  return body.mrServiceTd ? 'tdx1.5' : 'tdx1.0'
}
