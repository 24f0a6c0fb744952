import type { Bytes } from './Bytes.ts'
import { base64, concat, hex } from './Bytes.ts'
import * as Der from './Der.ts'
import { refuse } from './Refusal.ts'

export type Curve = 'P-256' | 'P-384'

export type PublicKey =
  /** `point` is x then y, without a prefix. */
  { kind: Curve; point: Bytes } | { kind: 'RSA'; modulus: Bytes; exponent: Bytes }

export type Algorithm = 'ecdsa-sha256' | 'ecdsa-sha384' | 'rsa-pss-sha384'

const HASH = { 'ecdsa-sha256': 'SHA-256', 'ecdsa-sha384': 'SHA-384', 'rsa-pss-sha384': 'SHA-384' } as const
const WIDTH = { 'P-256': 32, 'P-384': 48 } as const

export async function sha256(...parts: readonly Uint8Array[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', concat(...parts)))
}

export async function sha384(...parts: readonly Uint8Array[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-384', concat(...parts)))
}

/**
 * Whether `signature` is the key's over `message`. ECDSA signatures are r then s, each of the curve's width.
 * High s counts: Intel does not normalise, and nothing here identifies evidence by its signature.
 */
export async function verify(key: PublicKey, options: verify.Options): Promise<boolean> {
  const { algorithm, message, signature } = options
  const fits = algorithm === 'rsa-pss-sha384' ? key.kind === 'RSA' : key.kind !== 'RSA'
  if (!fits) return false
  if (key.kind !== 'RSA' && signature.length !== 2 * WIDTH[key.kind]) return false
  const imported = await importKey(key, algorithm)
  if (!imported) return false
  const scheme =
    algorithm === 'rsa-pss-sha384'
      ? { name: 'RSA-PSS', saltLength: 48 }
      : { hash: HASH[algorithm], name: 'ECDSA' }
  return await crypto.subtle.verify(scheme, imported, signature, message)
}

export declare namespace verify {
  type Options = { algorithm: Algorithm; message: Bytes; signature: Bytes }
}

/** An ECDSA signature out of its DER form, as r then s; undefined if it cannot be one on this curve. */
export function fromDer(
  signature: Bytes,
  { curve, subject }: { curve: Curve; subject: string },
): Bytes | undefined {
  const parts = Der.sequence(Der.decode(signature, subject), subject)
  if (parts.length !== 2) refuse('DER', subject, { bound: 'two INTEGERs', value: `${parts.length} elements` })
  const width = WIDTH[curve]
  const numbers = parts.map((part) => Der.unsigned(part, subject))
  if (numbers.some((number) => number.length > width)) return undefined
  return concat(...numbers.flatMap((number) => [new Uint8Array(width - number.length), number]))
}

/** The key of a SubjectPublicKeyInfo. */
export function publicKey(spki: Bytes, subject: string): PublicKey {
  const [algorithm, bits] = Der.sequence(Der.decode(spki, subject), subject)
  const [kind, parameters] = Der.sequence(algorithm, subject)
  const key = Der.bits(bits, subject)
  switch (Der.oid(kind, subject)) {
    case '1.2.840.10045.2.1': {
      const curve = { '1.2.840.10045.3.1.7': 'P-256', '1.3.132.0.34': 'P-384' } as const
      const name = curve[Der.oid(parameters, subject) as keyof typeof curve] as Curve | undefined
      if (name && key[0] === 4 && key.length === 1 + 2 * WIDTH[name])
        return { kind: name, point: key.subarray(1) }
      break
    }
    case '1.2.840.113549.1.1.1': {
      const [modulus, exponent] = Der.sequence(Der.decode(key, subject), subject)
      const rsa = { exponent: Der.unsigned(exponent, subject), modulus: Der.unsigned(modulus, subject) }
      const sizes = rsa.modulus.length >= 256 && rsa.modulus.length <= 512 && hex(rsa.exponent) === '010001'
      if (sizes) return { kind: 'RSA', ...rsa }
    }
  }
  return refuse('CERT_FORM', `${subject}'s key`, {
    bound: 'an uncompressed P-256 or P-384 point, or RSA of 2048 to 4096 bits with exponent 65537',
    value: spki.subarray(0, 32),
  })
}

/** Platforms refuse points off the curve when a key is imported; such a key has signed nothing. */
async function importKey(key: PublicKey, algorithm: Algorithm): Promise<CryptoKey | undefined> {
  try {
    if (key.kind === 'RSA') {
      const jwk = { e: base64Url(key.exponent), kty: 'RSA', n: base64Url(key.modulus) }
      return await crypto.subtle.importKey('jwk', jwk, { hash: HASH[algorithm], name: 'RSA-PSS' }, false, [
        'verify',
      ])
    }
    const point = concat(Uint8Array.of(4), key.point)
    return await crypto.subtle.importKey('raw', point, { name: 'ECDSA', namedCurve: key.kind }, false, [
      'verify',
    ])
  } catch (error) {
    if (error instanceof DOMException && error.name === 'DataError') return undefined
    throw error
  }
}

function base64Url(bytes: Uint8Array): string {
  return base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
