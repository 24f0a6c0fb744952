import {
  createHmac,
  createPublicKey,
  type KeyObject,
  timingSafeEqual,
  verify as verifySignature,
} from 'node:crypto'

/** How far a message's time may be from this machine's, as the specification's own libraries have it. */
const TOLERANCE_SECONDS = 300
/** A sender that changes its secret signs twice; more is somebody who wants work done for him. */
const MOST_SIGNATURES = 8

/** What a sender signs by: a secret that both sides hold (v1), or the sender's public key (v1a). */
export type Secret = { scheme: 'v1'; key: Buffer } | { scheme: 'v1a'; key: KeyObject }

export type Headers = Readonly<Record<string, string | string[] | undefined>>
export type Refusal = { detail: string; status: number }

/** `whsec_` and 24 to 64 bytes, or `whpk_` and the 32 of an Ed25519 key, in base64; undefined if it is neither. */
export function parseSecret(text: string): Secret | undefined {
  const [, prefix, base64 = ''] = /^(whsec_|whpk_)([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? []
  const bytes = Buffer.from(base64, 'base64')
  if (prefix === 'whsec_' && bytes.length >= 24 && bytes.length <= 64) return { key: bytes, scheme: 'v1' }
  if (prefix !== 'whpk_' || bytes.length !== 32) return undefined
  const jwk = { crv: 'Ed25519', kty: 'OKP', x: bytes.toString('base64url') }
  return { key: createPublicKey({ format: 'jwk', key: jwk }), scheme: 'v1a' }
}

/**
 * Whether a message of Standard Webhooks is authentic: its id, or why not and what would have been right. Only `body` as it came
 * is what was signed; one that was parsed and written again is another one.
 */
export function verify(headers: Headers, options: verify.Options): { id: string } | Refusal {
  const { body, now, secrets } = options
  const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map(
    (name) => headers[`webhook-${name}`],
  )
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string')
    return {
      detail: 'Headers webhook-id, webhook-timestamp and webhook-signature are needed, each once.',
      status: 400,
    }
  // Warning: with a full stop in it, what belongs to the id, the time and the body could be shifted under one signature.
  if (!/^[!-\-/-~]{1,256}$/.test(id))
    return { detail: 'webhook-id is 1 to 256 visible characters of ASCII without a full stop.', status: 400 }
  if (!/^\d{1,12}$/.test(timestamp))
    return { detail: 'webhook-timestamp is a whole number of seconds since 1970.', status: 400 }
  const off = Number(timestamp) - now
  if (Math.abs(off) > TOLERANCE_SECONDS) {
    const how = off < 0 ? 'behind' : 'ahead of'
    const detail = `webhook-timestamp is ${Math.abs(off)} s ${how} this clock; at most ${TOLERANCE_SECONDS} s are taken. Sign each attempt anew.`
    return { detail, status: 400 }
  }
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body])
  const given = signatures.split(' ').slice(0, MOST_SIGNATURES)
  if (given.some((signature) => secrets.some((secret) => isBy(secret, { signature, signed })))) return { id }
  const schemes = [...new Set(secrets.map(({ scheme }) => scheme))].join(' or ')
  const detail = `No signature in webhook-signature is one by this hook's key over "id.timestamp.body"; it takes ${schemes}.`
  return { detail, status: 401 }
}

export declare namespace verify {
  type Options = {
    body: Buffer
    secrets: readonly Secret[]
    /** Unix seconds. */
    now: number
  }
}

function isBy(
  { key, scheme }: Secret,
  { signature, signed }: { signature: string; signed: Buffer },
): boolean {
  const [version, base64 = '', more] = signature.split(',')
  if (version !== scheme || more !== undefined) return false
  const given = Buffer.from(base64, 'base64')
  if (given.toString('base64') !== base64) return false
  if (scheme === 'v1a') return given.length === 64 && verifySignature(null, signed, key, given)
  const wanted = createHmac('sha256', key).update(signed).digest()
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}
