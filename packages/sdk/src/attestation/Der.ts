import { type Bytes, concat, hex } from './Bytes.ts'
import { refuse } from './Refusal.ts'

/** One DER element: `raw` with its header, `content` without. */
export type Element = { tag: number; raw: Bytes; content: Bytes }

export const Tag = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OID: 0x06,
  ENUMERATED: 0x0a,
  UTF8_STRING: 0x0c,
  PRINTABLE_STRING: 0x13,
  IA5_STRING: 0x16,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const

/** An element of these parts, at most 64 KiB of them. */
export function encode(tag: number, ...parts: readonly Uint8Array[]): Bytes {
  const content = concat(...parts)
  const { length } = content
  if (length > 0xffff) throw new RangeError(`An element of ${length} bytes is too long.`)
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return concat(Uint8Array.of(tag, ...size), content)
}

/** The one element that `bytes` is, with nothing after it. */
export function decode(bytes: Bytes, subject: string): Element {
  const element = first(bytes, subject)
  if (element.raw.length !== bytes.length) {
    refuse('DER', `${subject}'s length`, {
      bound: `${element.raw.length} bytes`,
      value: `${bytes.length} bytes`,
    })
  }
  return element
}

/** The elements inside a constructed one. */
export function children(element: Element, subject: string): readonly Element[] {
  if ((element.tag & 0x20) === 0) wrongTag(element, 'a constructed element', subject)
  const found: Element[] = []
  for (let at = 0; at < element.content.length; ) {
    const child = first(element.content.subarray(at), subject)
    found.push(child)
    at += child.raw.length
  }
  return found
}

/** Refuses another tag, or an element that is not there. */
export function expect(element: Element | undefined, { subject, tag }: expect.Options): Element {
  if (!element)
    return refuse('DER', subject, { bound: `an element of tag 0x${tag.toString(16)}`, value: 'missing' })
  if (element.tag !== tag) wrongTag(element, `tag 0x${tag.toString(16)}`, subject)
  return element
}

export declare namespace expect {
  type Options = { subject: string; tag: number }
}

export function sequence(element: Element | undefined, subject: string): readonly Element[] {
  return children(expect(element, { subject, tag: Tag.SEQUENCE }), subject)
}

/** The one element inside an explicit tag. */
export function tagged(element: Element | undefined, { subject, tag }: expect.Options): Element {
  const [inner, ...rest] = children(expect(element, { subject, tag }), subject)
  if (!inner || rest.length > 0)
    return refuse('DER', subject, { bound: 'one element inside', value: rest.length })
  return inner
}

/** A number that is not negative, as its bytes without the sign byte. */
export function unsigned(element: Element | undefined, subject: string): Bytes {
  const { content } = expect(element, { subject, tag: Tag.INTEGER })
  const [head = 0x80, next = 0x80] = content
  const minimal = content.length > 0 && !(content.length > 1 && head === 0 && next < 0x80)
  if (!minimal || head >= 0x80)
    refuse('DER', subject, { bound: 'a shortest, not negative INTEGER', value: content })
  return head === 0 && content.length > 1 ? content.subarray(1) : content
}

/** A number below 2^32. */
export function small(element: Element | undefined, subject: string): number {
  const bytes = unsigned(element, subject)
  if (bytes.length > 4) refuse('DER', subject, { bound: 'an INTEGER below 2^32', value: bytes })
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0)
}

/** A serial number as hexadecimal; negative ones, which some authorities issue, keep their sign bit. */
export function serial(element: Element | undefined, subject: string): string {
  const { content } = expect(element, { subject, tag: Tag.INTEGER })
  if (content.length === 0 || content.length > 32) {
    refuse('DER', subject, { bound: 'an INTEGER of 1 to 32 bytes', value: content })
  }
  return hex(content)
}

export function oid(element: Element | undefined, subject: string): string {
  const { content } = expect(element, { subject, tag: Tag.OID })
  const arcs: number[] = []
  let arc = 0
  let open = false
  for (const byte of content) {
    if ((!open && byte === 0x80) || arc > 2 ** 40)
      refuse('DER', subject, { bound: 'a shortest OID', value: content })
    arc = arc * 128 + (byte & 0x7f)
    open = byte >= 0x80
    if (open) continue
    if (arcs.length === 0)
      arcs.push(Math.min(2, Math.floor(arc / 40)), arc - 40 * Math.min(2, Math.floor(arc / 40)))
    else arcs.push(arc)
    arc = 0
  }
  if (open || arcs.length === 0) refuse('DER', subject, { bound: 'a whole OID', value: content })
  return arcs.join('.')
}

export function octets(element: Element | undefined, subject: string): Bytes {
  return expect(element, { subject, tag: Tag.OCTET_STRING }).content
}

/** A bit string of whole bytes. */
export function bits(element: Element | undefined, subject: string): Bytes {
  const { content } = expect(element, { subject, tag: Tag.BIT_STRING })
  if (content[0] !== 0) refuse('DER', subject, { bound: 'a BIT STRING of whole bytes', value: content })
  return content.subarray(1)
}

export function boolean(element: Element | undefined, subject: string): boolean {
  const { content } = expect(element, { subject, tag: Tag.BOOLEAN })
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) {
    refuse('DER', subject, { bound: 'BOOLEAN 00 or ff', value: content })
  }
  return content[0] === 0xff
}

/** UTCTime or GeneralizedTime in Zulu, with seconds and no fraction; in seconds since 1970. */
export function time(element: Element | undefined, subject: string): bigint {
  const { content, tag } = element ?? expect(element, { subject, tag: Tag.UTC_TIME })
  const text = String.fromCharCode(...content.subarray(0, 20))
  const short = tag === Tag.UTC_TIME
  const form = short ? /^\d{12}Z$/ : /^\d{14}Z$/
  if ((!short && tag !== Tag.GENERALIZED_TIME) || content.length > 15 || !form.test(text)) {
    refuse('DER', subject, { bound: 'UTCTime or GeneralizedTime ending in seconds and Z', value: content })
  }
  const year = short
    ? Number(text.slice(0, 2)) + (text.slice(0, 2) < '50' ? 2000 : 1900)
    : Number(text.slice(0, 4))
  const [month = 0, ...rest] =
    text
      .slice(short ? 2 : 4, -1)
      .match(/\d\d/g)
      ?.map(Number) ?? []
  const [day = 0, hour = 0, minute = 0, second = 0] = rest
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second))
  // What does not exist was carried over into what does; years below 100 would be taken for others.
  const exists =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second
  if (!exists) refuse('DER', subject, { bound: 'a time that exists', value: text })
  return BigInt(date.getTime()) / 1000n
}

function first(bytes: Bytes, subject: string): Element {
  const [tag, head] = bytes
  if (tag === undefined || head === undefined)
    return refuse('DER', subject, { bound: 'an element', value: bytes })
  if ((tag & 0x1f) === 0x1f)
    return refuse('DER', subject, { bound: 'a tag below 31', value: bytes.subarray(0, 1) })
  let length = head
  let start = 2
  if (head >= 0x80) {
    const width = head - 0x80
    const digits = bytes.subarray(2, 2 + width)
    length = digits.reduce((sum, byte) => sum * 256 + byte, 0)
    start += width
    const shortest = width >= 1 && width <= 4 && digits.length === width && digits[0] !== 0 && length >= 0x80
    if (!shortest)
      refuse('DER', `${subject}'s length`, { bound: 'a shortest length', value: bytes.subarray(0, 6) })
  }
  if (start + length > bytes.length) {
    refuse('DER', `${subject}'s length`, {
      bound: `at most ${bytes.length - start} bytes`,
      value: `${length} bytes`,
    })
  }
  return { content: bytes.subarray(start, start + length), raw: bytes.subarray(0, start + length), tag }
}

function wrongTag(element: Element, bound: string, subject: string): never {
  refuse('DER', subject, { bound, value: `tag 0x${element.tag.toString(16)}` })
}
