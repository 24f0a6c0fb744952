import { urlUnder } from '../urlUnder.ts'
import { type Answer, answer, CollateralUnavailableError } from './Answer.ts'
import { type Bytes, fromHex } from './Bytes.ts'
import type { Collateral } from './Collateral.ts'
import { RefusedError } from './Refusal.ts'
import type { Tee } from './SignedJson.ts'

export { CollateralUnavailableError } from './Answer.ts'

/** Collateral as it came, unverified, with the certificates of the authority whose list `pckCrl` is. */
export type Fetched = Collateral & { pckCrlIssuerChain: string }

/** Intel's own service. A PCCS serves the same paths. */
export const INTEL_PCS = 'https://api.trustedservices.intel.com'

/** Intel's service has no path for the root's list: it lies beside the root's certificate. */
const INTEL_ROOT_CRL = 'https://certificates.trustedservices.intel.com/IntelSGXRootCA.der'

/**
 * Fetches what Intel says now about a platform model, in the form of its API, version 4, from Intel or from a PCCS.
 * Nothing is checked here: `Dcap.verify` and the contract `Pccs` do.
 */
export async function fetchCollateral(options: fetchCollateral.Options): Promise<Fetched> {
  const { authority, fmspc, tee, track = 'standard', url = INTEL_PCS } = options
  const base = urlUnder(url, '')
  const sgx = `${base}/sgx/certification/v4`
  const own = `${base}/${tee}/certification/v4`
  const rootUrl = new URL(base).host === new URL(INTEL_PCS).host ? INTEL_ROOT_CRL : `${sgx}/rootcacrl`
  const ask = (from: string) => answer(from, { signal: options.signal })
  const [rootCrl, pckCrl, tcb, identity] = await Promise.all([
    ask(rootUrl),
    ask(`${sgx}/pckcrl?ca=${authority}&encoding=der`),
    ask(`${own}/tcb?fmspc=${fmspc}&update=${track}`),
    ask(`${own}/qe/identity?update=${track}`),
  ])
  const info = signedText(tcb, 'tcbInfo')
  const qe = signedText(identity, 'enclaveIdentity')
  return {
    pckCrl: binary(pckCrl),
    pckCrlIssuerChain: chainIn(pckCrl, 'SGX-PCK-CRL-Issuer-Chain'),
    qeIdentity: qe.text,
    qeIdentityIssuerChain: chainIn(identity, 'SGX-Enclave-Identity-Issuer-Chain'),
    qeIdentitySignature: qe.signature,
    rootCaCrl: binary(rootCrl),
    tcbInfo: info.text,
    tcbInfoIssuerChain: chainIn(tcb, 'TCB-Info-Issuer-Chain'),
    tcbInfoSignature: info.signature,
  }
}

export declare namespace fetchCollateral {
  type Options = {
    /** The service; Intel's own by default. */
    url?: string | undefined
    /** Which of Intel's two authorities issued the platform's PCK certificate. */
    authority: 'platform' | 'processor'
    /** The platform model, twelve hexadecimal digits. */
    fmspc: string
    tee: Tee
    /** Early: as soon as Intel has it, before clouds had the time to update. */
    track?: 'early' | 'standard'
    signal?: AbortSignal | undefined
  }
}

/** DER, or DER in hexadecimal as a PCCS gives it. */
function binary({ body, url }: Answer): Bytes {
  if (body[0] === 0x30 && body[1] !== undefined && body[1] >= 0x80) return body
  try {
    return fromHex(new TextDecoder().decode(body).trim(), { subject: url })
  } catch (cause) {
    if (!(cause instanceof RefusedError)) throw cause
    throw new CollateralUnavailableError({ cause, url, why: 'gave no revocation list' })
  }
}

/** The text that was signed, byte for byte, out of the JSON around it. */
function signedText({ body, url }: Answer, member: string): { text: string; signature: Bytes } {
  const whole = new TextDecoder().decode(body)
  const form = new RegExp(
    `^\\s*\\{\\s*"${member}"\\s*:\\s*(\\{.*\\})\\s*,\\s*"signature"\\s*:\\s*"([0-9a-fA-F]{128})"\\s*\\}\\s*$`,
    's',
  )
  const [, text, signature] = form.exec(whole) ?? []
  if (text === undefined || signature === undefined)
    throw new CollateralUnavailableError({ url, why: `gave no ${member} with its signature` })
  return { signature: fromHex(signature, { length: 64, subject: url }), text }
}

/** PEM, as a URL writes it. */
function chainIn({ headers, url }: Answer, name: string): string {
  const value = headers.get(name)
  if (value === null) throw new CollateralUnavailableError({ url, why: `sent no header ${name}` })
  try {
    return decodeURIComponent(value)
  } catch (cause) {
    throw new CollateralUnavailableError({ cause, url, why: `sent a broken header ${name}` })
  }
}
