import { fromBase64Url, utf8 } from './Bytes.ts'
import { checkWindow, type Window } from './Chain.ts'
import { type Field, parse } from './Json.ts'
import { refuse } from './Refusal.ts'
import { type PublicKey, verify } from './Signature.ts'

/** Keys by their id. */
export type Keys = ReadonlyMap<string, PublicKey>

const LIMIT = 64 * 1024

/** Reads the P-384 keys of a JSON Web Key Set. Whoever calls vouches for where it came from. */
export function keySet(text: string): Keys {
  const keys = new Map<string, PublicKey>()
  for (const key of parse(text, 'key set').at('keys').list()) {
    if (key.at('kty').text() !== 'EC' || key.at('crv').text() !== 'P-384') continue
    const coordinate = (name: 'x' | 'y'): Uint8Array =>
      fromBase64Url(key.at(name).text(), { code: 'TOKEN_KEY', subject: `key's ${name}` })
    const point = new Uint8Array(96)
    const parts = [coordinate('x'), coordinate('y')]
    for (const [index, part] of parts.entries()) {
      if (part.length !== 48) refuse('TOKEN_KEY', 'a coordinate of a key', { bound: '48 bytes', value: part })
      point.set(part, 48 * index)
    }
    keys.set(key.at('kid').text(), { kind: 'P-384', point })
  }
  return keys
}

/** Verifies an ES384 JSON Web Token and answers with its claims; no other algorithm counts, "none" least of all. */
export async function verifyToken(token: string, options: verifyToken.Options): Promise<Verified> {
  const { at, issuer, keys, subject } = options
  if (token.length > LIMIT) {
    refuse('SIZE', `${subject}'s length`, { bound: `at most ${LIMIT} characters`, value: token.length })
  }
  const [head = '', body = '', tail = '', ...rest] = token.split('.')
  if (rest.length > 0 || body === '') {
    refuse('TOKEN_FORM', subject, { bound: 'three parts between dots', value: token.slice(0, 64) })
  }
  const header = json(head, `${subject}'s header`)
  const algorithm = header.at('alg').text()
  if (algorithm !== 'ES384') {
    refuse('TOKEN_ALGORITHM', `${subject}'s algorithm`, { bound: 'ES384', value: algorithm.slice(0, 32) })
  }
  if (header.optional('crit'))
    refuse('TOKEN_FORM', `${subject}'s header`, { bound: 'without crit', value: 'with it' })
  const id = header.at('kid').text()
  const key = keys.get(id)
  if (!key) {
    const bound = [...keys.keys()].join(' or ') || 'a key of the set'
    return refuse('TOKEN_KEY', `${subject}'s key`, { bound, value: id.slice(0, 128) })
  }
  const signature = fromBase64Url(tail, { code: 'TOKEN_FORM', subject: `${subject}'s signature` })
  const message = utf8(`${head}.${body}`)
  if (!(await verify(key, { algorithm: 'ecdsa-sha384', message, signature }))) {
    refuse('TOKEN_SIGNATURE', `${subject}'s signature`, { bound: `made by key ${id}`, value: 'wrong' })
  }
  const claims = json(body, subject)
  const found = claims.at('iss').text()
  if (found !== issuer)
    refuse('TOKEN_ISSUER', `${subject}'s issuer`, { bound: issuer, value: found.slice(0, 128) })
  const window = windowOf(claims)
  checkWindow(window, { at, kind: 'TOKEN', subject })
  return { claims, window }
}

export type Verified = { claims: Field; window: Window }

export declare namespace verifyToken {
  type Options = { at: bigint; issuer: string; keys: Keys; subject: string }
}

/** A token holds from its `nbf` until the second before its `exp`, as RFC 7519 says. */
function windowOf(claims: Field): Window {
  return { from: BigInt(claims.at('nbf').count()), until: BigInt(claims.at('exp').count()) - 1n }
}

function json(part: string, subject: string): Field {
  const bytes = fromBase64Url(part, { code: 'TOKEN_FORM', subject })
  return parse(new TextDecoder().decode(bytes), subject)
}
