import { bytesToHex, type Hex, keccak256 } from 'viem'
import { type Bytes, concat } from './Bytes.ts'
import * as P384 from './P384.ts'
import * as Pem from './Pem.ts'
import { refuse } from './Refusal.ts'
import { sha384 } from './Signature.ts'
import { type Product, snpReport } from './SnpReport.ts'
import { certificate } from './X509.ts'

/** What a verdict on a SEV-SNP machine rests on, as the contract `SnpJudge` takes it apart. */
export type SnpEvidence = {
  product: Product
  report: Uint8Array
  /** The certificate of the chip's key, DER. */
  vek: Uint8Array
  /** The certificate of AMD's authority (ASK), DER. */
  authority: Uint8Array
}

/** In the contract's order. */
export const PRODUCTS = ['milan', 'genoa', 'turin'] as const

const REPORT = 1184
const SIGNED = 672
const SUBJECT = 'SEV-SNP evidence'
/** The end of a certificate under a key of 4,096 bits: a bit string of 512 bytes. */
const SIGNATURE_HEADER = '0x0382020100'
/** Where it begins, behind two headers: version 3, which revocation lists do not have. */
const VERSION = '0xa003020102'
const SIGNATURE = 517
/** What the contract takes: it hashes all of a certificate, which must fit into a transaction's gas. */
const CERTIFICATE = 4096

/** Puts evidence into the one form that is hashed and published: product, report, chip's key, authority. */
export function encode({ authority, product, report, vek }: SnpEvidence): Bytes {
  snpReport(report)
  for (const der of [vek, authority]) {
    const end = der.subarray(-SIGNATURE, -SIGNATURE + 5)
    const isCertificate = bytesToHex(der.subarray(8, 13)) === VERSION
    if (size(der) !== der.length || !isCertificate || bytesToHex(end) !== SIGNATURE_HEADER) {
      refuse('CERT_FORM', `${SUBJECT}'s certificates`, { bound: 'signed by RSA-4096', value: 'others' })
    }
    if (der.length > CERTIFICATE) {
      const bound = `at most ${CERTIFICATE} bytes`
      refuse('SIZE', `${SUBJECT}'s certificates`, { bound, value: `${der.length} bytes` })
    }
  }
  return concat(Uint8Array.of(PRODUCTS.indexOf(product)), report, vek, authority)
}

/** The evidence of a report with its chain as AMD's key server gives it. */
export function fromChain(options: fromChain.Options): Bytes {
  const { chain, product, report } = options
  const [vek] = Pem.certificates(options.vek, 'VEK certificate')
  const [authority] = Pem.certificates(chain, 'VEK chain')
  if (!vek || !authority) return refuse('CHAIN_LENGTH', SUBJECT, { bound: '3 certificates', value: 'fewer' })
  return encode({ authority, product, report, vek })
}

export declare namespace fromChain {
  type Options = {
    product: Product
    report: Uint8Array
    vek: Uint8Array | string
    /** ASK, then ARK. */
    chain: Uint8Array | string
  }
}

/** Takes published evidence apart. */
export function decode(evidence: Uint8Array): SnpEvidence {
  const product = PRODUCTS[evidence[0] ?? PRODUCTS.length]
  const certificates = evidence.subarray(1 + REPORT)
  const length = size(certificates)
  const authority = certificates.subarray(length)
  if (!product || size(authority) !== authority.length) {
    return refuse('SIZE', SUBJECT, {
      bound: 'product, report and two certificates',
      value: `${evidence.length} bytes of another form`,
    })
  }
  return {
    authority,
    product,
    report: evidence.subarray(1, 1 + REPORT),
    vek: certificates.subarray(0, length),
  }
}

/** What helps the contract to recompute the report's signature, right or wrong as it is: see `P384.hints`. */
export async function hints(evidence: Uint8Array): Promise<Bytes> {
  const { report, vek } = decode(evidence)
  const { key } = certificate(new Uint8Array(vek), 'VEK certificate')
  if (key.kind !== 'P-384') return new Uint8Array(0)
  const number = (from: number): Bytes => report.slice(from, from + 48).reverse()
  const digest = await sha384(report.slice(0, SIGNED))
  return P384.hints({ digest, key: key.point, signature: concat(number(672), number(744)) })
}

/** How a verdict names the chip of a report. */
export function chipOf(report: Uint8Array): Hex {
  return keccak256(report.subarray(416, 480))
}

/** The length of the DER sequence of 256 to 65,535 bytes that begins here; 0 where none does. */
function size(der: Uint8Array): number {
  return der[0] === 0x30 && der[1] === 0x82 ? 4 + ((der[2] ?? 0) << 8) + (der[3] ?? 0) : 0
}
