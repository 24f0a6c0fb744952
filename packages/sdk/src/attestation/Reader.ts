import type { Bytes } from './Bytes.ts'
import { type Code, refuse } from './Refusal.ts'

/** Reads little-endian fields in order and refuses to read past the end. */
export type Reader = {
  /** How many bytes were read. */
  at(): number
  left(): number
  take(length: number): Bytes
  u8(): number
  u16(): number
  u24(): number
  u32(): number
}

/** A reader of these bytes, which it does not copy; past the end it throws a `RefusedError` with `code`. */
export function reader(bytes: Bytes, { code, subject }: { code: Code; subject: string }): Reader {
  let at = 0
  const take = (length: number): Bytes => {
    if (length > bytes.length - at) {
      refuse(code, `${subject} after byte ${at}`, {
        bound: `at least ${length} more bytes`,
        value: `${bytes.length - at} bytes`,
      })
    }
    at += length
    return bytes.subarray(at - length, at)
  }
  const number = (length: number): number =>
    take(length).reduce((sum, byte, index) => sum + byte * 2 ** (8 * index), 0)
  return {
    at: () => at,
    left: () => bytes.length - at,
    take,
    u8: () => number(1),
    u16: () => number(2),
    u24: () => number(3),
    u32: () => number(4),
  }
}

/** The little-endian number in `length` bytes at `offset` of a field whose size is known. */
export function littleEndian(
  bytes: Uint8Array,
  { length, offset }: { length: number; offset: number },
): bigint {
  return bytes.subarray(offset, offset + length).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}
