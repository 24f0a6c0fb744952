import { urlUnder } from '../urlUnder.ts'
import { answer, CollateralUnavailableError } from './Answer.ts'
import { type Bytes, hex, isZero } from './Bytes.ts'
import * as Pem from './Pem.ts'
import { RefusedError, refuse } from './Refusal.ts'
import { type SnpCertificates, snpVek } from './SnpCertificates.ts'
import { type Product, type SnpReport, type SnpTcb, snpTcb } from './SnpReport.ts'

export { CollateralUnavailableError } from './Answer.ts'

/** AMD's own key distribution service. A mirror serves the same paths. */
export const AMD_KDS = 'https://kdsintf.amd.com'

const SERVICE = "AMD's key service"
const NO_CERTIFICATES = 'gave no certificates'
const SEQUENCE = 0x30
const NAMES: Readonly<Record<Product, string>> = { genoa: 'Genoa', milan: 'Milan', turin: 'Turin' }
const PARTS = [
  ['fmcSPL', 'fmc'],
  ['blSPL', 'bootLoader'],
  ['teeSPL', 'tee'],
  ['snpSPL', 'snp'],
  ['ucodeSPL', 'microcode'],
] as const satisfies readonly [string, keyof SnpTcb][]

/**
 * Fetches from AMD the certificates of the key that signed a report, and of its authorities, ASK and ARK. Nothing is checked
 * here: `Snp.verify` does. A VLEK's own certificate AMD gives to its cloud alone, so it must be among the `host`'s.
 */
export async function fetchCertificates(
  report: SnpReport,
  options: fetchCertificates.Options,
): Promise<SnpCertificates> {
  const { host = new Uint8Array(), product, url = AMD_KDS } = options
  const { signingKey } = report
  const base = urlUnder(url, `/${signingKey}/v1/${NAMES[product]}`)
  const ask = (path: string) => certificates(`${base}/${path}`, options)
  const given = signingKey === 'vlek' ? snpVek(host) : undefined
  if (signingKey === 'vlek' && !given) {
    return refuse('SNP_KEY', "the host's certificates", {
      bound: "that of its cloud's key (VLEK), which AMD gives to the cloud alone",
      value: 'without',
    })
  }
  const vek = given ?? (await ask(vcekPath(report, product)))[0]
  const [authority, root, ...rest] = await ask('cert_chain')
  if (!vek || !authority || !root || rest.length > 0) throw unusable(`${base}/cert_chain`, NO_CERTIFICATES)
  return { chain: Pem.encode([authority, root]), vek }
}

export declare namespace fetchCertificates {
  type Options = {
    product: Product
    /** The service; AMD's own by default. */
    url?: string | undefined
    /** What the host gave along with the report. */
    host?: Uint8Array
    patienceMs?: number | undefined
    signal?: AbortSignal | undefined
  }
}

/** Fetches AMD's list of the authorities of a product that it has revoked, DER and unverified. */
export async function fetchRevocations(options: fetchRevocations.Options): Promise<Bytes> {
  const { product, signingKey, url = AMD_KDS } = options
  const from = urlUnder(url, `/${signingKey}/v1/${NAMES[product]}/crl`)
  const { body } = await answer(from, { ...options, service: SERVICE })
  if (body[0] !== SEQUENCE) throw unusable(from, 'gave no revocation list')
  return body
}

export declare namespace fetchRevocations {
  type Options = Omit<fetchCertificates.Options, 'host'> & Pick<SnpReport, 'signingKey'>
}

/** A chip is named by all 64 bytes of its id, on Turin by the 8 that it has. */
function vcekPath({ chipId, reportedTcb }: SnpReport, product: Product): string {
  if (isZero(chipId)) {
    const bound = 'shown, or the certificate given by the host'
    refuse('SNP_CHIP_ID', "the report's chip id", { bound, value: 'hidden' })
  }
  const tcb = snpTcb(reportedTcb, product)
  const query = PARTS.flatMap(([name, part]) => (tcb[part] === undefined ? [] : `${name}=${tcb[part]}`))
  return `${hex(product === 'turin' ? chipId.subarray(0, 8) : chipId)}?${query.join('&')}`
}

async function certificates(url: string, { patienceMs, signal }: fetchCertificates.Options) {
  const { body } = await answer(url, { patienceMs, service: SERVICE, signal })
  try {
    return Pem.certificates(body, url)
  } catch (cause) {
    if (cause instanceof RefusedError) throw unusable(url, NO_CERTIFICATES, cause)
    throw cause
  }
}

function unusable(url: string, why: string, cause?: unknown): CollateralUnavailableError {
  return new CollateralUnavailableError({ cause, service: SERVICE, url, why })
}
