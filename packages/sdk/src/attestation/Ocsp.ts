import { answer, CollateralUnavailableError } from './Answer.ts'
import { type Bytes, equal, fromHex, hex, own } from './Bytes.ts'
import { checkWindow, iso } from './Chain.ts'
import * as Der from './Der.ts'
import { refuse } from './Refusal.ts'
import { type Algorithm, sha384 } from './Signature.ts'
import { algorithm, type Certificate, certificate, extensionsIn, isSignedBy } from './X509.ts'

/** Answers a request in the form of OCSP (RFC 6960), DER both. What it answers is verified, whoever it is. */
export type Ask = (request: Bytes) => Promise<Uint8Array>

/** NVIDIA's own service. */
export const NVIDIA_OCSP = 'https://ocsp.ndis.nvidia.com'

const LIMIT = 64 * 1024
const MOST_CERTIFICATES = 4
const BASIC = '1.3.6.1.5.5.7.48.1.1'
const EXTENDED_KEY_USAGE = '2.5.29.37'
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9'
/** SHA-384 without parameters: NULL, as OpenSSL writes it. */
const SHA384 = fromHex('300d06096086480165030402020500', { subject: 'SHA-384' })
const GOOD = 0x80
const REVOKED = 0xa1
const FAILURES = ['successful', 'malformed request', 'internal error', 'try later', '', 'to be signed']

/** Asks a service, which is asked the same but once. Nothing is sent but the hashes and serial number of a certificate. */
export function askAt(options: askAt.Options = {}): Ask {
  const { patienceMs, signal, url = NVIDIA_OCSP } = options
  const asked = new Map<string, Promise<Bytes>>()
  const ask = async (request: Bytes) => {
    const post = { body: request, type: 'application/ocsp-request' }
    const service = "NVIDIA's revocation service"
    const { body } = await answer(url, { patienceMs, post, service, signal })
    if (body[0] === Der.Tag.SEQUENCE) return body
    throw new CollateralUnavailableError({ service, url, why: 'gave no OCSP response' })
  }
  return (request) => {
    const name = hex(request)
    const found = asked.get(name) ?? ask(request)
    asked.set(name, found)
    return found
  }
}

export declare namespace askAt {
  type Options = {
    /** The service; NVIDIA's own by default. */
    url?: string | undefined
    patienceMs?: number | undefined
    signal?: AbortSignal | undefined
  }
}

/**
 * Asks of each certificate of a chain but its root whether it was revoked, on hold or for good. An answer counts if it is of
 * `at`, and signed by an authority above that certificate, or by whom such an authority appointed for it.
 */
export async function checkRevocations(
  chain: readonly Certificate[],
  { ask, at, subject }: checkRevocations.Options,
): Promise<void> {
  for (const [index, of] of chain.entries()) {
    const above = chain.slice(index + 1)
    const [issuer] = above
    if (!issuer) return
    const asked = await certificateId(of, issuer)
    const sequences = (content: Bytes, depth: number): Bytes =>
      depth === 0 ? content : sequences(Der.encode(Der.Tag.SEQUENCE, content), depth - 1)
    // OCSPRequest, TBSRequest, its list and the Request in it have no other members.
    const response = await ask(sequences(Der.encode(Der.Tag.SEQUENCE, ...asked), 4))
    await checkResponse(response, { above, asked, at, subject: `${subject} "${of.commonName}"` })
  }
}

export declare namespace checkRevocations {
  type Options = { ask: Ask; at: bigint; subject: string }
}

/** A certificate's CertID: algorithm, the hashes of its issuer's name and key, its serial number. */
async function certificateId({ serial }: Certificate, issuer: Certificate): Promise<readonly Bytes[]> {
  const subject = "an issuer's key"
  const [, key] = Der.sequence(Der.decode(issuer.spki, subject), subject)
  const hashes = [await sha384(issuer.subject), await sha384(Der.bits(key, subject))]
  return [
    SHA384,
    ...hashes.map((hash) => Der.encode(Der.Tag.OCTET_STRING, hash)),
    Der.encode(Der.Tag.INTEGER, fromHex(serial, { subject: 'a serial number' })),
  ]
}

type Checking = { above: readonly Certificate[]; asked: readonly Bytes[]; at: bigint; subject: string }

async function checkResponse(input: Uint8Array, options: Checking): Promise<void> {
  const { asked, at, subject } = options
  const about = `the OCSP response on ${subject}`
  const response = basicResponse(own(input, { limit: LIMIT, subject: about }), about)
  if (!(await isTrusted(response, { ...options, subject: about }))) {
    refuse('OCSP_SIGNATURE', `the signature of ${about}`, {
      bound: 'made by an authority above it, or by whom that appointed',
      value: 'not such',
    })
  }
  for (const single of response.singles) {
    const [id, status, from, until] = Der.sequence(single, about)
    // The algorithm may be written in two ways; hashes of such a length tell it.
    const named = Der.sequence(id, about).slice(1)
    if (
      named.length !== 3 ||
      named.some(({ raw }, index) => !equal(raw, asked[index + 1] ?? raw.subarray(1)))
    )
      continue
    checkStatus(status, subject)
    Der.time(from, `${about}, thisUpdate`)
    const end = Der.tagged(until, { subject: `${about}, nextUpdate`, tag: 0xa0 })
    checkCurrent(Der.time(end, `${about}, nextUpdate`), { at, subject: about })
    return
  }
  refuse('OCSP_UNKNOWN', about, { bound: 'on that certificate', value: 'on others' })
}

/** What was said after `at` says more, not less, so only the end counts. */
function checkCurrent(until: bigint, { at, subject }: { at: bigint; subject: string }): void {
  if (at > until) {
    const bound = `${iso(until)} or earlier`
    refuse('OCSP_EXPIRED', `the time for ${subject}`, { bound, value: iso(at) })
  }
}

function checkStatus(status: Der.Element | undefined, subject: string): void {
  if (status?.tag === GOOD) return
  const about = `the OCSP status of ${subject}`
  if (status?.tag !== REVOKED) refuse('OCSP_UNKNOWN', about, { bound: 'good', value: 'unknown' })
  const since = iso(Der.time(Der.children(status, about)[0], about))
  refuse('CERT_REVOKED', about, { bound: 'good', value: `revoked or on hold, since ${since}` })
}

type Response = {
  tbs: Bytes
  algorithm: Algorithm
  signature: Bytes
  singles: readonly Der.Element[]
  certificates: readonly Bytes[]
}

/** Reads a response of the basic type, RFC 6960 section 4.2.1. No extension of it is understood. */
function basicResponse(raw: Bytes, subject: string): Response {
  const whole = Der.sequence(Der.decode(raw, subject), subject)
  const [outcome, body] = whole
  const code = Der.expect(outcome, { subject, tag: Der.Tag.ENUMERATED }).content[0] ?? -1
  if (code !== 0) {
    refuse('OCSP_STATUS', `the outcome of ${subject}`, { bound: 'successful', value: FAILURES[code] ?? code })
  }
  const typed = Der.sequence(Der.tagged(body, { subject, tag: 0xa0 }), subject)
  const [type, octets] = typed
  if (whole.length + typed.length !== 4 || Der.oid(type, subject) !== BASIC)
    malformed(subject, 'of the basic type')
  const basic = Der.decode(Der.octets(octets, subject), subject)
  const [tbs, kind, bits, certificates, ...rest] = Der.sequence(basic, subject)
  const fields = [...Der.sequence(tbs, subject)]
  if (fields[0]?.tag === 0xa0) fields.shift()
  const [, producedAt, singles, extensions, ...more] = fields
  if (!tbs || !kind || rest.length > 0 || more.length > 0) malformed(subject, 'of four parts')
  Der.time(producedAt, `${subject}, producedAt`)
  if (extensions) extensionsIn(extensions, { subject, understood: new Set() })
  const list = certificates ? Der.sequence(Der.tagged(certificates, { subject, tag: 0xa0 }), subject) : []
  if (list.length > MOST_CERTIFICATES) malformed(subject, `at most ${MOST_CERTIFICATES} certificates`)
  return {
    algorithm: algorithm(kind, subject),
    certificates: list.map((one) => one.raw),
    signature: Der.bits(bits, subject),
    singles: Der.sequence(singles, subject),
    tbs: tbs.raw,
  }
}

/** Section 4.2.2.2, but that a higher authority may answer for a lower one. */
async function isTrusted(response: Response, { above, at, subject }: Checking): Promise<boolean> {
  for (const authority of above) if (await isSignedBy(response, authority)) return true
  for (const raw of response.certificates) {
    const signer = certificate(raw, `the signer of ${subject}`, { understood: [EXTENDED_KEY_USAGE] })
    if (!(await isSignedBy(response, signer))) continue
    for (const authority of above) {
      if (!equal(signer.issuer, authority.subject) || !(await isSignedBy(signer, authority))) continue
      const { notAfter: until, notBefore: from } = signer
      checkWindow({ from, until }, { at, kind: 'CERT', subject: `the signer of ${subject}` })
      return isAppointed(signer, subject)
    }
  }
  return false
}

function isAppointed({ extensions }: Certificate, subject: string): boolean {
  const usage = extensions.get(EXTENDED_KEY_USAGE)
  const usages = usage ? Der.sequence(Der.decode(usage, subject), subject) : []
  return usages.some((one) => Der.oid(one, subject) === OCSP_SIGNING)
}

function malformed(subject: string, bound: string): never {
  refuse('OCSP_FORM', subject, { bound, value: 'of another form' })
}
