/** A repeatable source of numbers from 0 up to, not including, 1. */
export type Random = () => number

export function seeded(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit)
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Changes one byte of a copy: one bit, another value, or another digit where it may be one of base64. */
export function mutateByte(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = new Uint8Array(bytes)
  const at = below(random, copy.length)
  const old = copy[at] ?? 0
  const digit = BASE64.charCodeAt(below(random, BASE64.length))
  if (random() < 0.5 && BASE64.includes(String.fromCharCode(old))) copy[at] = digit
  else copy[at] = random() < 0.5 ? old ^ (1 << below(random, 8)) : (old + 1 + below(random, 255)) & 0xff
  return copy
}

/** Cuts, repeats, swaps, clears, fills in or cuts off: changes of structure. */
export function mutateStructure(bytes: Uint8Array, random: Random): Uint8Array {
  const from = below(random, bytes.length)
  const to = from + 1 + below(random, Math.min(64, bytes.length - from))
  const [head, part, tail] = [bytes.slice(0, from), bytes.slice(from, to), bytes.slice(to)]
  switch (below(random, 6)) {
    case 0:
      return join(head, tail)
    case 1:
      return join(head, part, part, tail)
    case 2:
      return join(head, part.toReversed(), tail)
    case 3:
      return join(head, new Uint8Array(part.length), tail)
    case 4:
      return join(
        head,
        part.map(() => below(random, 256)),
        part,
        tail,
      )
    default:
      return head
  }
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}
