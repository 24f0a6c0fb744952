import { bytesToHex, encodeAbiParameters, type Hex, hexToBigInt, keccak256 } from 'viem'
import { concat, hex } from './Bytes.ts'
import * as Pck from './Pck.ts'
import * as Pem from './Pem.ts'
import { quote as readQuote } from './Quote.ts'
import { refuse } from './Refusal.ts'
import { type Certificate, certificate, spkiHash } from './X509.ts'

/** What a PCK certificate says, as the contract `Pccs` keeps the hash of and takes along with each quote. */
export type PckRecord = {
  authority: Hex
  x: Hex
  y: Hex
  serial: bigint
  notAfter: number
  svns: Hex
  pceSvn: number
  pceId: Hex
  fmspc: Hex
  platformId: Hex
}

/** A quote as `AttestationRegistry.attest` takes it: without its certificates, which `Pccs` has. */
export type Submission = {
  tee: 'sgx' | 'tdx'
  /** Header and body. */
  quote: Hex
  signatures: Hex
  pck: PckRecord
  /** The PCK certificate, DER, for `Pccs.registerPck`. */
  certificate: Uint8Array
  /** Which of Intel's authorities issued it. */
  authority: 'platform' | 'processor'
  fmspc: string
}

/** Takes a quote apart for the chain. Verifies nothing. */
export function submission(quote: Uint8Array): Submission {
  const { attestationKey, body, pckChain, qeAuthData, qeReport, qeReportSignature, signature, signed } =
    readQuote(quote)
  const subject = 'PCK chain'
  const [leaf, authority] = Pem.certificates(pckChain, subject).map((der) => certificate(der, subject))
  if (!leaf || !authority) return refuse('CHAIN_LENGTH', subject, { bound: '3 certificates', value: 'fewer' })
  const pck = pckRecord(leaf, authority)
  return {
    authority: authority.commonName.includes('Processor') ? 'processor' : 'platform',
    certificate: leaf.raw,
    fmspc: pck.fmspc.slice(2),
    pck,
    quote: bytesToHex(signed),
    signatures: bytesToHex(concat(signature, attestationKey, qeReport, qeReportSignature, qeAuthData)),
    tee: body.kind === 'td' ? 'tdx' : 'sgx',
  }
}

/** The hash by which the registry knows evidence; it keeps the first 11 bytes, its event has all of it. */
export function evidenceHash({ pck, quote, signatures }: Submission): Hex {
  const hashes = [keccak256(quote), keccak256(signatures), keccak256(encoded(pck))] as const
  return keccak256(encodeAbiParameters([WORD, WORD, WORD], hashes))
}

/** The root at the end of a quote's own chain: how `Pccs` names it, and how `Dcap.verify` pins it. */
export async function rootOf(quote: Uint8Array): Promise<{ key: Hex; pin: string }> {
  const subject = 'PCK chain'
  const last = Pem.certificates(readQuote(quote).pckChain, subject).at(-1)
  if (!last) return refuse('CHAIN_LENGTH', subject, { bound: '3 certificates', value: 0 })
  const root = certificate(last, subject)
  return { key: authorityKey(root), pin: await spkiHash(root) }
}

/** How `Pccs` names an authority: by its key, with the last bit cleared. */
export function authorityKey({ key }: Certificate): Hex {
  const cleared = hexToBigInt(keccak256(key.kind === 'RSA' ? new Uint8Array() : key.point)) & ~1n
  return `0x${cleared.toString(16).padStart(64, '0')}`
}

const WORD = { type: 'bytes32' } as const

function pckRecord(leaf: Certificate, authority: Certificate): PckRecord {
  const { fmspc, pceId, pceSvn, ppid, svns } = Pck.platform(leaf)
  const { key } = leaf
  if (key.kind !== 'P-256')
    return refuse('CERT_FORM', "the PCK certificate's key", { bound: 'P-256', value: key.kind })
  return {
    authority: authorityKey(authority),
    fmspc: bytesToHex(fmspc),
    notAfter: Number(leaf.notAfter),
    pceId: bytesToHex(pceId),
    pceSvn,
    platformId: keccak256(ppid).slice(0, 26) as Hex,
    serial: BigInt(`0x${leaf.serial}`),
    svns: `0x${hex(Uint8Array.from(svns))}`,
    x: bytesToHex(key.point.subarray(0, 32)),
    y: bytesToHex(key.point.subarray(32)),
  }
}

function encoded(pck: PckRecord): Hex {
  const { authority, fmspc, notAfter, pceId, pceSvn, platformId, serial, svns, x, y } = pck
  return encodeAbiParameters(
    [
      WORD,
      WORD,
      WORD,
      { type: 'uint160' },
      { type: 'uint40' },
      { type: 'bytes16' },
      { type: 'uint16' },
      { type: 'bytes2' },
      { type: 'bytes6' },
      { type: 'bytes12' },
    ],
    [authority, x, y, serial, notAfter, svns, pceSvn, pceId, fmspc, platformId],
  )
}
