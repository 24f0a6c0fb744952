import { type Bytes, concat, fromHex, hex, own } from './Bytes.ts'
import * as Pem from './Pem.ts'
import { RefusedError, refuse } from './Refusal.ts'

/** The chip's certificate and those of AMD's authorities, as `Snp.verify` takes them. */
export type SnpCertificates = { vek: Bytes; chain: string }

/** Each entry: a name of 16 bytes, where its certificate lies, how long it is. */
const ENTRY = 24
const LIMIT = 64 * 1024
const END = '0'.repeat(32)
const NAMES = {
  '4ab7b379bbac4fe4a02f05aef327c782': 'ask',
  '63da758de6644564adc5f4b93be8accd': 'vek',
  a8074bc2a25a483eaae639c045a0b8a1: 'vek',
  c0b406a4a803495297433fb6014cd0ae: 'ark',
} as const
const SUBJECT = "the host's certificates"

/** Where `vek` stands in the table, by which key it is. */
const VEKS = { vcek: '63da758de6644564adc5f4b93be8accd', vlek: 'a8074bc2a25a483eaae639c045a0b8a1' } as const
const AUTHORITIES = ['4ab7b379bbac4fe4a02f05aef327c782', 'c0b406a4a803495297433fb6014cd0ae'] as const

/** Writes the same table, for a host that gave none. */
export function snpTable({ chain, vek }: SnpCertificates, signingKey: keyof typeof VEKS): Bytes {
  const [ask, ark, ...rest] = Pem.certificates(chain, SUBJECT)
  if (!ask || !ark || rest.length > 0)
    return refuse('CHAIN_LENGTH', SUBJECT, { bound: 'those of ASK and ARK', value: 'others' })
  const ders = [vek, ask, ark]
  const heads = new Uint8Array(ENTRY * (ders.length + 1))
  const view = new DataView(heads.buffer)
  let from = heads.length
  for (const [index, name] of [VEKS[signingKey], ...AUTHORITIES].entries()) {
    const length = ders[index]?.length ?? 0
    heads.set(fromHex(name, { subject: SUBJECT }), index * ENTRY)
    view.setUint32(index * ENTRY + 16, from, true)
    view.setUint32(index * ENTRY + 20, length, true)
    from += length
  }
  return concat(heads, ...ders)
}

/** The certificate of the chip's key alone, where the host gave no more; undefined where it gave none that can be read. */
export function snpVek(table: Uint8Array): Bytes | undefined {
  try {
    return entries(table).get('vek')
  } catch (error) {
    if (error instanceof RefusedError) return undefined
    throw error
  }
}

/** Reads the table of certificates that a host gives along with a report: the GHCB specification's, DER inside. */
export function snpCertificates(table: Uint8Array): SnpCertificates {
  const found = entries(table)
  const [vek, ask, ark] = (['vek', 'ask', 'ark'] as const).map((name) => found.get(name))
  if (!vek || !ask || !ark) {
    const value = [...found.keys()].join(', ') || 'none'
    return refuse('CHAIN_LENGTH', SUBJECT, { bound: 'those of the chip, ASK and ARK', value })
  }
  return { chain: Pem.encode([ask, ark]), vek }
}

function entries(table: Uint8Array): Map<(typeof NAMES)[keyof typeof NAMES], Bytes> {
  const bytes = own(table, { limit: LIMIT, subject: SUBJECT })
  const view = new DataView(bytes.buffer)
  const found = new Map<(typeof NAMES)[keyof typeof NAMES], Bytes>()
  for (let at = 0; at + ENTRY <= bytes.length; at += ENTRY) {
    const name = hex(bytes.subarray(at, at + 16))
    if (name === END) break
    const from = view.getUint32(at + 16, true)
    const length = view.getUint32(at + 20, true)
    if (from + length > bytes.length)
      refuse('SIZE', SUBJECT, {
        bound: `within ${bytes.length} bytes`,
        value: `${length} bytes from ${from}`,
      })
    const known = NAMES[name as keyof typeof NAMES]
    if (known) found.set(known, bytes.subarray(from, from + length))
  }
  return found
}
