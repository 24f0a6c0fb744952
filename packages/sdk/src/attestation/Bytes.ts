import { type Code, refuse } from './Refusal.ts'

/** Bytes that nobody else holds, in the form that platform crypto takes. */
export type Bytes = Uint8Array<ArrayBuffer>

/** A copy, so that evidence cannot change between two checks. Refuses more than `limit` bytes. */
export function own(bytes: Uint8Array, { limit, subject }: { limit: number; subject: string }): Bytes {
  if (bytes.length > limit) {
    refuse('SIZE', `${subject}'s length`, { bound: `at most ${limit} bytes`, value: bytes.length })
  }
  return new Uint8Array(bytes)
}

export function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}

/** Whether `value`, under `mask`, is `wanted`; false when their lengths differ. */
export function matches(
  value: Uint8Array,
  { mask, wanted }: { mask: Uint8Array; wanted: Uint8Array },
): boolean {
  if (value.length !== mask.length || value.length !== wanted.length) return false
  return value.every((byte, index) => (byte & (mask[index] ?? 0)) === wanted[index])
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export function utf8(text: string): Bytes {
  return new Uint8Array(new TextEncoder().encode(text))
}

/** Lower case, no prefix. */
export function hex(bytes: Uint8Array): string {
  let digits = ''
  for (const byte of bytes) digits += HEX[byte]
  return digits
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Digits of either case, an optional 0x. */
export function fromHex(text: string, { length, subject }: { length?: number; subject: string }): Bytes {
  const digits = text.startsWith('0x') ? text.slice(2) : text
  const valid = /^(?:[0-9a-fA-F]{2})*$/.test(digits) && (length ?? digits.length / 2) === digits.length / 2
  if (!valid) {
    refuse('HEX', subject, { bound: `${length ?? 'whole'} bytes of hexadecimal`, value: text.slice(0, 128) })
  }
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  )
}

/** Canonical base64 only: padded, no white space, no stray bits at the end. */
export function fromBase64(
  text: string,
  { code = 'BASE64', subject }: { code?: Code; subject: string },
): Bytes {
  let binary = ''
  let canonical = /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0
  if (canonical) {
    binary = atob(text)
    canonical = btoa(binary) === text
  }
  if (!canonical) refuse(code, subject, { bound: 'canonical base64', value: text.slice(0, 128) })
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at)
  return bytes
}

/** Each byte as the character of its number. */
function latin1(bytes: Uint8Array): string {
  let text = ''
  // In steps, since a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096))
  }
  return text
}

export function base64(bytes: Uint8Array): string {
  return btoa(latin1(bytes))
}

/** Canonical base64url, without padding. */
export function fromBase64Url(
  text: string,
  { code = 'BASE64', subject }: { code?: Code; subject: string },
): Bytes {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) {
    refuse(code, subject, { bound: 'base64url without padding', value: text.slice(0, 128) })
  }
  const padded = text.replaceAll('-', '+').replaceAll('_', '/') + '='.repeat((4 - (text.length % 4)) % 4)
  return fromBase64(padded, { code, subject })
}
