import { ComputeError } from '../Errors.ts'

/** The check that refused. Codes are stable, so programs may branch on them. */
export type Code =
  // encodings
  | 'BASE64'
  | 'DER'
  | 'HEX'
  | 'JSON'
  | 'PEM'
  | 'SIZE'
  | 'XML'
  // certificates and revocation lists
  | 'CERT_EXPIRED'
  | 'CERT_EXTENSION'
  | 'CERT_FORM'
  | 'CERT_ISSUER'
  | 'CERT_KEY_USAGE'
  | 'CERT_NAME'
  | 'CERT_NOT_CA'
  | 'CERT_NOT_YET_VALID'
  | 'CERT_PATH_LENGTH'
  | 'CERT_REVOKED'
  | 'CERT_SIGNATURE'
  | 'CHAIN_LENGTH'
  | 'CRL_EXPIRED'
  | 'CRL_FORM'
  | 'CRL_ISSUER'
  | 'CRL_NOT_YET_VALID'
  | 'CRL_SIGNATURE'
  | 'LEAF_IS_CA'
  | 'ROOT_NOT_PINNED'
  // Intel
  | 'ENCLAVE_DEBUG'
  | 'FMSPC'
  | 'PCE_ID'
  | 'PCK_EXTENSION'
  | 'QE_DEBUG'
  | 'QE_IDENTITY'
  | 'QE_REPORT_DATA'
  | 'QE_REPORT_SIGNATURE'
  | 'QE_TCB'
  | 'QE_IDENTITY_EXPIRED'
  | 'QE_IDENTITY_KIND'
  | 'QE_IDENTITY_NOT_YET_VALID'
  | 'QE_IDENTITY_SIGNATURE'
  | 'QUOTE_BODY'
  | 'QUOTE_CERTIFICATION'
  | 'QUOTE_FORM'
  | 'QUOTE_KEY_TYPE'
  | 'QUOTE_SIGNATURE'
  | 'QUOTE_TEE'
  | 'QUOTE_VENDOR'
  | 'QUOTE_VERSION'
  | 'SERVICE_TD'
  | 'TCB_EVALUATION'
  | 'TCB_INFO_EXPIRED'
  | 'TCB_INFO_KIND'
  | 'TCB_INFO_NOT_YET_VALID'
  | 'TCB_INFO_SIGNATURE'
  | 'TCB_LEVEL'
  | 'TCB_OUT_OF_DATE'
  | 'TCB_REVOKED'
  | 'TD_DEBUG'
  | 'TDX_MODULE'
  | 'TDX_MODULE_IDENTITY'
  | 'TDX_MODULE_TCB'
  | 'WORKLOAD'
  // AMD
  | 'SNP_ALGORITHM'
  | 'SNP_CHIP_ID'
  | 'SNP_DEBUG'
  | 'SNP_FORM'
  | 'SNP_KEY'
  | 'SNP_MIGRATION'
  | 'SNP_PRODUCT'
  | 'SNP_SIGNATURE'
  | 'SNP_TCB'
  | 'SNP_TCB_MISMATCH'
  | 'SNP_VERSION'
  | 'SNP_VMPL'
  // NVIDIA
  | 'GPU_ARCHITECTURE'
  | 'GPU_DEVICES'
  | 'GPU_FWID'
  | 'GPU_NONCE'
  | 'GPU_SWITCHES'
  | 'NRAS_CLAIMS'
  | 'NRAS_DIGEST'
  | 'NRAS_FORM'
  | 'NRAS_NONCE'
  | 'NRAS_RESULT'
  | 'OCSP_EXPIRED'
  | 'OCSP_FORM'
  | 'OCSP_SIGNATURE'
  | 'OCSP_STATUS'
  | 'OCSP_UNKNOWN'
  | 'RIM_CONFLICT'
  | 'RIM_FORM'
  | 'RIM_MEASUREMENT'
  | 'RIM_SIGNATURE'
  | 'RIM_VERSION'
  | 'SPDM_FORM'
  | 'SPDM_SIGNATURE'
  | 'TOKEN_ALGORITHM'
  | 'TOKEN_EXPIRED'
  | 'TOKEN_FORM'
  | 'TOKEN_ISSUER'
  | 'TOKEN_KEY'
  | 'TOKEN_NOT_YET_VALID'
  | 'TOKEN_SIGNATURE'
  // binding to a provider
  | 'BINDING_AGENT'
  | 'BINDING_BLOCK_HASH'
  | 'BINDING_CHAIN'
  | 'BINDING_FUTURE'
  | 'BINDING_GPU_EVIDENCE'
  | 'BINDING_PROVIDER'
  | 'BINDING_REGISTRY'
  | 'BINDING_REPORT_DATA'
  | 'BINDING_SSH_HOST_KEY'
  | 'BINDING_STALE'
  | 'BINDING_TLS_KEY'

/** Why evidence was refused: which check, on what, which value it saw and which bound it must keep. */
export type Refusal = {
  code: Code
  /** What was looked at, in words: "PCK certificate", "TCB info". */
  subject: string
  value: string
  bound: string
  /** All of it in one sentence. */
  message: string
}

/** What a verifier answers: the claims that the evidence proves, or the first check that it failed. */
export type Verdict<Claims> = { ok: true; claims: Claims } | { ok: false; refusal: Refusal }

export type Seen = Uint8Array | bigint | boolean | number | string

/** Carries a refusal out of the parsers. Verifiers turn it into a verdict; a parser called alone throws it. */
export class RefusedError extends ComputeError {
  override readonly name = 'RefusedError'
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}

/** Throws the refusal by a check: what was looked at, what was seen and what it must be. */
export function refuse(code: Code, subject: string, { bound, value }: { bound: Seen; value: Seen }): never {
  const [about, seen, needed] = [subject, show(value), show(bound)].map(inOneLine) as [string, string, string]
  const message = `Refused by ${code}: ${about} is ${seen}, and must be ${needed}.`
  throw new RefusedError({ bound: needed, code, message, subject: about, value: seen })
}

/** Runs a verification and answers with its claims or its refusal; every other error is a bug and passes. */
export async function judge<Claims>(verification: () => Promise<Claims>): Promise<Verdict<Claims>> {
  try {
    return { claims: await verification(), ok: true }
  } catch (error) {
    if (error instanceof RefusedError) return { ok: false, refusal: error.refusal }
    throw error
  }
}

/** The claims of a verdict within another; a refusal goes on to the verification around it. */
export function claimsOf<Claims>(outcome: Verdict<Claims>): Claims {
  if (outcome.ok) return outcome.claims
  const { bound, code, subject, value } = outcome.refusal
  return refuse(code, subject, { bound, value })
}

/** A stranger's words, as in a certificate's name, begin no line that looks like somebody else's. */
export function inOneLine(words: string): string {
  return words.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
}

function show(value: Seen): string {
  if (!(value instanceof Uint8Array)) return String(value)
  if (value.length === 0) return 'empty'
  const shown = Array.from(value.subarray(0, 64), (byte) => byte.toString(16).padStart(2, '0')).join('')
  return value.length > 64 ? `0x${shown}… (${value.length} bytes)` : `0x${shown}`
}
