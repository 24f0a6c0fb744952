import { type Bytes, equal, hex } from './Bytes.ts'
import * as Der from './Der.ts'
import { refuse } from './Refusal.ts'
import { type Algorithm, fromDer, type PublicKey, publicKey, sha256, verify } from './Signature.ts'

/** An X.509 v3 certificate, read strictly. Names are their DER, compared byte for byte. */
export type Certificate = {
  raw: Bytes
  tbs: Bytes
  serial: string
  issuer: Bytes
  subject: Bytes
  /** The subject's last common name, or "". */
  commonName: string
  notBefore: bigint
  notAfter: bigint
  spki: Bytes
  key: PublicKey
  algorithm: Algorithm
  signature: Bytes
  extensions: ReadonlyMap<string, Bytes>
  authority: boolean
  /** How many authorities may stand between this one and a leaf. */
  pathLength?: number
  /** Whether the key may sign certificates and revocation lists; undefined where the certificate does not say. */
  usage?: { certificates: boolean; lists: boolean }
}

const COMMON_NAME = '2.5.4.3'
const KEY_USAGE = '2.5.29.15'
const BASIC_CONSTRAINTS = '2.5.29.19'
const UNDERSTOOD = new Set([KEY_USAGE, BASIC_CONSTRAINTS])
const RSA_PSS = '1.2.840.113549.1.1.10'
const ECDSA = { '1.2.840.10045.4.3.2': 'ecdsa-sha256', '1.2.840.10045.4.3.3': 'ecdsa-sha384' } as const

/** SHA-384, MGF1 with SHA-384, 48 bytes of salt; AMD writes the default trailer out, or leaves it. */
const PSS_SHA384 = [
  '3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130',
  '3039a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130a303020101',
]

/** `understood` names critical extensions that the caller looks at. */
export function certificate(
  raw: Bytes,
  subject: string,
  { understood = [] }: { understood?: readonly string[] } = {},
): Certificate {
  const parts = Der.sequence(Der.decode(raw, subject), subject)
  const [tbs, outer, bits] = parts
  const fields = Der.sequence(tbs, subject)
  const version = Der.tagged(fields[0], { subject, tag: 0xa0 })
  if (parts.length !== 3 || Der.small(version, `${subject}'s version`) !== 2)
    malformed(subject, 'three parts, v3')
  const [, serial, inner, issuer, validity, name, spki] = fields
  if (!outer || !inner || !equal(outer.raw, inner.raw))
    malformed(subject, 'the same algorithm inside and outside')
  const dates = Der.sequence(validity, `${subject}'s validity`)
  if (dates.length !== 2) malformed(subject, 'two dates')
  const spkiRaw = Der.expect(spki, { subject, tag: Der.Tag.SEQUENCE }).raw
  const subjectName = Der.expect(name, { subject, tag: Der.Tag.SEQUENCE })
  const extensions = readExtensions(fields.slice(7), {
    subject,
    understood: new Set([...UNDERSTOOD, ...understood]),
  })
  return {
    algorithm: algorithm(outer, subject),
    commonName: commonName(subjectName, subject),
    extensions,
    issuer: Der.expect(issuer, { subject, tag: Der.Tag.SEQUENCE }).raw,
    key: publicKey(spkiRaw, subject),
    notAfter: Der.time(dates[1], `${subject}'s notAfter`),
    notBefore: Der.time(dates[0], `${subject}'s notBefore`),
    raw,
    serial: Der.serial(serial, `${subject}'s serial number`),
    signature: Der.bits(bits, subject),
    spki: spkiRaw,
    subject: subjectName.raw,
    tbs: Der.expect(tbs, { subject, tag: Der.Tag.SEQUENCE }).raw,
    ...constraints(extensions.get(BASIC_CONSTRAINTS), subject),
    ...keyUsage(extensions.get(KEY_USAGE), subject),
  }
}

/** Whether `signer` signed this certificate or list. */
export async function isSignedBy(
  signed: { tbs: Bytes; algorithm: Algorithm; signature: Bytes },
  signer: { key: PublicKey },
): Promise<boolean> {
  const { algorithm, signature, tbs } = signed
  const raw =
    signer.key.kind === 'RSA' || algorithm === 'rsa-pss-sha384'
      ? signature
      : fromDer(signature, { curve: signer.key.kind, subject: 'certificate signature' })
  return raw !== undefined && (await verify(signer.key, { algorithm, message: tbs, signature: raw }))
}

/** SHA-256 of the subject public key info: how roots are pinned. */
export async function spkiHash({ spki }: Certificate): Promise<string> {
  return hex(await sha256(spki))
}

/** The signature algorithm, out of those that vendors of TEEs use. */
export function algorithm(element: Der.Element, subject: string): Algorithm {
  const [kind, parameters, ...rest] = Der.sequence(element, subject)
  const name = Der.oid(kind, subject)
  const ecdsa = ECDSA[name as keyof typeof ECDSA] as Algorithm | undefined
  if (ecdsa && !parameters) return ecdsa
  if (name === RSA_PSS && parameters && rest.length === 0 && PSS_SHA384.includes(hex(parameters.raw))) {
    return 'rsa-pss-sha384'
  }
  return refuse('CERT_FORM', `${subject}'s algorithm`, {
    bound: 'ECDSA with SHA-256 or SHA-384, or RSA-PSS with SHA-384',
    value: element.raw,
  })
}

/** The extensions in their [3] or [0] element, once each; critical ones only if they are understood. */
export function extensionsIn(
  element: Der.Element,
  options: extensionsIn.Options,
): ReadonlyMap<string, Bytes> {
  const { subject, understood } = options
  const found = new Map<string, Bytes>()
  const [list, ...rest] = Der.children(element, subject)
  if (rest.length > 0) malformed(subject, 'one list of extensions')
  for (const item of Der.sequence(list, subject)) {
    const [id, ...parts] = Der.sequence(item, subject)
    const name = Der.oid(id, subject)
    const critical = parts.length === 2 && Der.boolean(parts[0], subject)
    if (found.has(name) || parts.length > 2) malformed(subject, `extension ${name} once`)
    if (critical && !understood.has(name)) {
      refuse('CERT_EXTENSION', `${subject}'s critical extension`, {
        bound: 'one of those understood',
        value: name,
      })
    }
    found.set(name, Der.octets(parts.at(-1), `${subject}'s extension ${name}`))
  }
  return found
}

export declare namespace extensionsIn {
  type Options = { subject: string; understood: ReadonlySet<string> }
}

function readExtensions(
  fields: readonly Der.Element[],
  { subject, understood }: extensionsIn.Options,
): ReadonlyMap<string, Bytes> {
  const [element, ...rest] = fields
  if (!element) return new Map()
  if (element.tag !== 0xa3 || rest.length > 0) malformed(subject, 'extensions last')
  return extensionsIn(element, { subject, understood })
}

function constraints(
  value: Bytes | undefined,
  subject: string,
): Pick<Certificate, 'authority' | 'pathLength'> {
  if (!value) return { authority: false }
  const [flag, length] = Der.sequence(Der.decode(value, subject), subject)
  const authority = flag !== undefined && Der.boolean(flag, subject)
  return length ? { authority, pathLength: Der.small(length, subject) } : { authority }
}

function keyUsage(value: Bytes | undefined, subject: string): Pick<Certificate, 'usage'> {
  if (!value) return {}
  const { content } = Der.expect(Der.decode(value, subject), { subject, tag: Der.Tag.BIT_STRING })
  const flags = content[1] ?? 0
  return { usage: { certificates: (flags & 0x04) !== 0, lists: (flags & 0x02) !== 0 } }
}

function commonName(name: Der.Element, subject: string): string {
  let found = ''
  for (const set of Der.sequence(name, subject)) {
    for (const attribute of Der.children(Der.expect(set, { subject, tag: Der.Tag.SET }), subject)) {
      const [type, value] = Der.sequence(attribute, subject)
      if (Der.oid(type, subject) !== COMMON_NAME || !value) continue
      found = String.fromCharCode(...value.content.subarray(0, 128))
    }
  }
  return found
}

function malformed(subject: string, bound: string): never {
  refuse('CERT_FORM', subject, { bound: `a certificate with ${bound}`, value: 'another form' })
}
