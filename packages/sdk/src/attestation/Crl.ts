import { type Bytes, equal, own } from './Bytes.ts'
import { checkWindow, type Window } from './Chain.ts'
import * as Der from './Der.ts'
import { refuse } from './Refusal.ts'
import type { Algorithm } from './Signature.ts'
import { algorithm, type Certificate, extensionsIn, isSignedBy } from './X509.ts'

/** A certificate revocation list; `revoked` holds serial numbers as `Certificate.serial` spells them. */
export type Crl = {
  tbs: Bytes
  issuer: Bytes
  thisUpdate: bigint
  nextUpdate: bigint
  revoked: ReadonlySet<string>
  algorithm: Algorithm
  signature: Bytes
}

const LIMIT = 4 * 1024 * 1024

/** Lists that speak for a part only, or that change another, say so in these; such lists are refused. */
const UNDERSTOOD = new Set<string>()

/** Reads a list, DER. Throws a `RefusedError`. It proves nothing before `verifyCrl`. */
export function crl(input: Uint8Array, subject: string): Crl {
  const raw = own(input, { limit: LIMIT, subject })
  const [tbs, outer, bits, ...rest] = Der.sequence(Der.decode(raw, subject), subject)
  const fields = [...Der.sequence(tbs, subject)]
  if (fields[0]?.tag === Der.Tag.INTEGER && Der.small(fields.shift(), subject) !== 1) malformed(subject, 'v2')
  const [inner, issuer, thisUpdate, nextUpdate, ...tail] = fields
  if (!outer || !inner || rest.length > 0 || !equal(outer.raw, inner.raw)) malformed(subject, 'one algorithm')
  const extensions = tail.at(-1)?.tag === 0xa0 ? tail.pop() : undefined
  if (tail.length > 1) malformed(subject, 'one list of serial numbers')
  if (extensions) extensionsIn(extensions, { subject, understood: UNDERSTOOD })
  return {
    algorithm: algorithm(outer, subject),
    issuer: Der.expect(issuer, { subject, tag: Der.Tag.SEQUENCE }).raw,
    nextUpdate: Der.time(nextUpdate, `${subject}'s nextUpdate`),
    revoked: tail[0] ? serials(tail[0], subject) : new Set(),
    signature: Der.bits(bits, subject),
    tbs: Der.expect(tbs, { subject, tag: Der.Tag.SEQUENCE }).raw,
    thisUpdate: Der.time(thisUpdate, `${subject}'s thisUpdate`),
  }
}

/** Checks that a list is its issuer's and current. */
export async function verifyCrl(list: Crl, options: verifyCrl.Options): Promise<Window> {
  const { at, issuer, subject } = options
  if (!equal(list.issuer, issuer.subject)) {
    refuse('CRL_ISSUER', `${subject}'s issuer`, { bound: issuer.subject, value: list.issuer })
  }
  const window = { from: list.thisUpdate, until: list.nextUpdate }
  checkWindow(window, { at, kind: 'CRL', subject })
  if ((issuer.usage && !issuer.usage.lists) || !(await isSignedBy(list, issuer))) {
    refuse('CRL_SIGNATURE', `${subject}'s signature`, {
      bound: `made by "${issuer.commonName}"`,
      value: 'made by another key',
    })
  }
  return window
}

export declare namespace verifyCrl {
  type Options = { at: bigint; issuer: Certificate; subject: string }
}

/** Refuses a certificate whose serial number is on its issuer's list. */
export function checkNotRevoked(
  certificate: Certificate,
  { list, subject }: { list: Crl; subject: string },
): void {
  if (!list.revoked.has(certificate.serial)) return
  const name = `the serial number of ${subject} "${certificate.commonName}"`
  refuse('CERT_REVOKED', name, { bound: 'not on its revocation list', value: `0x${certificate.serial}` })
}

function serials(element: Der.Element, subject: string): ReadonlySet<string> {
  const found = new Set<string>()
  for (const entry of Der.sequence(element, subject)) {
    const [serial, date, extensions, ...rest] = Der.sequence(entry, subject)
    Der.time(date, `${subject}'s revocation date`)
    if (rest.length > 0) malformed(subject, 'entries of serial, date and extensions')
    if (extensions) for (const item of Der.sequence(extensions, subject)) checkEntryExtension(item, subject)
    found.add(Der.serial(serial, `${subject}'s serial number`))
  }
  return found
}

/** A critical extension of an entry may name another issuer, so none is ignored. */
function checkEntryExtension(item: Der.Element, subject: string): void {
  const parts = Der.sequence(item, subject)
  if (parts.length === 3 && Der.boolean(parts[1], subject))
    malformed(subject, 'no critical extension in an entry')
}

function malformed(subject: string, bound: string): never {
  refuse('CRL_FORM', subject, { bound: `a revocation list with ${bound}`, value: 'another form' })
}
