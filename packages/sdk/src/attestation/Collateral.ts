import { type Bytes, fromHex, own, utf8 } from './Bytes.ts'
import { intersect, iso, verifyChain, type Window } from './Chain.ts'
import { type Crl, checkNotRevoked, crl } from './Crl.ts'
import { type Field, parse } from './Json.ts'
import * as Pem from './Pem.ts'
import { refuse } from './Refusal.ts'
import { verify } from './Signature.ts'
import { type Level, levels } from './Tcb.ts'
import { type Certificate, certificate } from './X509.ts'

/**
 * What Intel publishes beside a quote, as `api.trustedservices.intel.com` and every PCCS serve it.
 * `tcbInfo` and `qeIdentity` are the exact JSON texts that were signed.
 */
export type Collateral = {
  rootCaCrl: Uint8Array
  pckCrl: Uint8Array
  tcbInfo: string
  tcbInfoSignature: Uint8Array
  tcbInfoIssuerChain: string
  qeIdentity: string
  qeIdentitySignature: Uint8Array
  qeIdentityIssuerChain: string
}

export type PlatformMinimums = {
  svns: readonly number[]
  pceSvn: number
  tdxSvns: readonly number[] | undefined
}
export type IsvMinimums = { isvSvn: number }

export type ModuleIdentity = { mrSigner: Bytes; attributes: Bytes; attributesMask: Bytes }

export type TcbInfo = {
  fmspc: Bytes
  pceId: Bytes
  evaluation: number
  levels: readonly Level<PlatformMinimums>[]
  module: ModuleIdentity | undefined
  /** By name, such as `TDX_01`. */
  modules: ReadonlyMap<string, ModuleIdentity & { levels: readonly Level<IsvMinimums>[] }>
}

export type QeIdentity = {
  evaluation: number
  miscSelect: Bytes
  miscSelectMask: Bytes
  attributes: Bytes
  attributesMask: Bytes
  mrSigner: Bytes
  isvProdId: number
  levels: readonly Level<IsvMinimums>[]
}

export type Tee = 'sgx' | 'tdx'

const CRL_LIMIT = 4 * 1024 * 1024
const SIGNER = 'Intel SGX TCB Signing'

/** Reads collateral in the snake_case JSON that DCAP tools exchange; binary fields in hexadecimal. */
export function fromJson(text: string): Collateral {
  const fields = parse(text, 'collateral')
  const string = (key: string): string => fields.at(key).text()
  const binary = (key: string): Bytes => fromHex(string(key), { subject: `collateral.${key}` })
  return {
    pckCrl: binary('pck_crl'),
    qeIdentity: string('qe_identity'),
    qeIdentityIssuerChain: string('qe_identity_issuer_chain'),
    qeIdentitySignature: binary('qe_identity_signature'),
    rootCaCrl: binary('root_ca_crl'),
    tcbInfo: string('tcb_info'),
    tcbInfoIssuerChain: string('tcb_info_issuer_chain'),
    tcbInfoSignature: binary('tcb_info_signature'),
  }
}

export type Context = { at: bigint; roots: readonly string[]; rootCrl: Crl }

/** Checks who signed the TCB info and when it holds, then reads it. */
export async function tcbInfo(
  { tcbInfo: text, tcbInfoIssuerChain, tcbInfoSignature }: Collateral,
  { context, tee }: { context: Context; tee: Tee },
): Promise<{ info: TcbInfo; window: Window }> {
  const subject = 'TCB info'
  const signer = { issuerChain: tcbInfoIssuerChain, name: 'TCB_INFO', signature: tcbInfoSignature } as const
  const { fields, window } = await signed(text, { ...signer, context, subject })
  const kind = `${fields.at('id').text()} version ${fields.at('version').count()}`
  const wanted = tee === 'tdx' ? 'TDX version 3' : 'SGX version 3'
  if (kind !== wanted) refuse('TCB_INFO_KIND', subject, { bound: wanted, value: kind })
  const modules = new Map(
    (fields.optional('tdxModuleIdentities')?.list() ?? []).map((module) => [
      module.at('id').text().toUpperCase(),
      { ...moduleIdentity(module), levels: levels(module.at('tcbLevels'), isvMinimums) },
    ]),
  )
  const module = fields.optional('tdxModule')
  const info: TcbInfo = {
    evaluation: fields.at('tcbEvaluationDataNumber').count(),
    fmspc: bytes(fields.at('fmspc'), 6),
    levels: levels(fields.at('tcbLevels'), (tcb) => platformMinimums(tcb, tee)),
    module: module && moduleIdentity(module),
    modules,
    pceId: bytes(fields.at('pceId'), 2),
  }
  return { info, window }
}

/** Checks who signed the quoting enclave's identity and when it holds, then reads it. */
export async function qeIdentity(
  { qeIdentity: text, qeIdentityIssuerChain, qeIdentitySignature }: Collateral,
  { context, tee }: { context: Context; tee: Tee },
): Promise<{ identity: QeIdentity; window: Window }> {
  const subject = 'QE identity'
  const signer = {
    issuerChain: qeIdentityIssuerChain,
    name: 'QE_IDENTITY',
    signature: qeIdentitySignature,
  } as const
  const { fields, window } = await signed(text, { ...signer, context, subject })
  const kind = `${fields.at('id').text()} version ${fields.at('version').count()}`
  const wanted = tee === 'tdx' ? 'TD_QE version 2' : 'QE version 2'
  if (kind !== wanted) refuse('QE_IDENTITY_KIND', subject, { bound: wanted, value: kind })
  const identity: QeIdentity = {
    attributes: bytes(fields.at('attributes'), 16),
    attributesMask: bytes(fields.at('attributesMask'), 16),
    evaluation: fields.at('tcbEvaluationDataNumber').count(),
    isvProdId: fields.at('isvprodid').count(),
    levels: levels(fields.at('tcbLevels'), isvMinimums),
    miscSelect: bytes(fields.at('miscselect'), 4),
    miscSelectMask: bytes(fields.at('miscselectMask'), 4),
    mrSigner: bytes(fields.at('mrsigner'), 32),
  }
  return { identity, window }
}

type Signer = {
  context: Context
  issuerChain: string
  name: 'QE_IDENTITY' | 'TCB_INFO'
  signature: Uint8Array
  subject: string
}

async function signed(text: string, options: Signer): Promise<{ fields: Field; window: Window }> {
  const { context, issuerChain, name, signature, subject } = options
  const { at, rootCrl, roots } = context
  const issuer = `${subject} issuer`
  const chain = Pem.certificates(issuerChain, issuer).map((der) => certificate(der, issuer))
  const [signer, ...rest] = chain
  if (!signer || rest.length !== 1) {
    return refuse('CHAIN_LENGTH', `${issuer} chain`, { bound: 'signer and root', value: chain.length })
  }
  const dates = await verifyChain(chain, { at, roots, subject: issuer })
  checkName(signer, { subject: issuer, wanted: SIGNER })
  checkNotRevoked(signer, { list: rootCrl, subject: issuer })
  const message = utf8(text)
  const raw = new Uint8Array(signature)
  if (!(await verify(signer.key, { algorithm: 'ecdsa-sha256', message, signature: raw }))) {
    refuse(`${name}_SIGNATURE`, `${subject}'s signature`, { bound: `made by "${SIGNER}"`, value: 'wrong' })
  }
  const fields = parse(text, subject)
  const window = { from: fields.at('issueDate').time(), until: fields.at('nextUpdate').time() }
  const now = `the time for ${subject}`
  if (at < window.from) {
    refuse(`${name}_NOT_YET_VALID`, now, { bound: `${iso(window.from)} or later`, value: iso(at) })
  }
  if (at > window.until) {
    refuse(`${name}_EXPIRED`, now, { bound: `${iso(window.until)} or earlier`, value: iso(at) })
  }
  return { fields, window: intersect(dates, window) }
}

export function checkName(
  certificate: Certificate,
  { subject, wanted }: { subject: string; wanted: string },
): void {
  if (certificate.commonName === wanted) return
  refuse('CERT_NAME', `${subject}'s name`, { bound: wanted, value: certificate.commonName })
}

/** Reads a revocation list. */
export function list(der: Uint8Array, subject: string): Crl {
  return crl(own(der, { limit: CRL_LIMIT, subject }), subject)
}

function platformMinimums(tcb: Field, tee: Tee): PlatformMinimums {
  const components = (key: string): readonly number[] => {
    const svns = tcb
      .at(key)
      .list()
      .map((component) => component.at('svn').count())
    if (svns.length !== 16)
      refuse('JSON', `TCB info's ${key}`, { bound: '16 components', value: svns.length })
    return svns
  }
  return {
    pceSvn: tcb.at('pcesvn').count(),
    svns: components('sgxtcbcomponents'),
    tdxSvns: tee === 'tdx' ? components('tdxtcbcomponents') : undefined,
  }
}

function isvMinimums(tcb: Field): IsvMinimums {
  return { isvSvn: tcb.at('isvsvn').count() }
}

function moduleIdentity(field: Field): ModuleIdentity {
  return {
    attributes: bytes(field.at('attributes'), 8),
    attributesMask: bytes(field.at('attributesMask'), 8),
    mrSigner: bytes(field.at('mrsigner'), 48),
  }
}

function bytes(field: Field, length: number): Bytes {
  return fromHex(field.text(), { length, subject: 'a field of the collateral' })
}
