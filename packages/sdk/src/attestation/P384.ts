import { type Bytes, concat } from './Bytes.ts'

/** A point of the curve; undefined is the point at infinity. */
type Point = { x: bigint; y: bigint } | undefined

const PRIME = 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n
const ORDER =
  0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n
const B = 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn
const GENERATOR: Point = {
  x: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
  y: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
}
const BITS = 384n
const WINDOW = 4n
const LENGTH = 48

/**
 * The divisions in verifying an ECDSA signature, in the order in which the contract `P384` asks for them: the inverse of
 * s, then the slope of each line through two points. The contract checks each by multiplication. Empty where it needs
 * none, since r, s or the key are none at all.
 */
export function hints({ digest, key, signature }: hints.Options): Bytes {
  const [r, s] = [number(signature.subarray(0, LENGTH)), number(signature.subarray(LENGTH))]
  const point = { x: number(key.subarray(0, LENGTH)), y: number(key.subarray(LENGTH)) }
  if (!isScalar(r) || !isScalar(s) || !isOnCurve(point)) return new Uint8Array(0)
  const inverse = invert(s, ORDER)
  const found = [inverse]
  const multiples = multiplesOf(point, found)
  const generators = multiplesOf(GENERATOR, [])
  const scalars = [
    { factor: (number(digest) * inverse) % ORDER, table: generators },
    { factor: (r * inverse) % ORDER, table: multiples },
  ]
  let sum: Point
  for (let bit = BITS - WINDOW; bit >= 0n; bit -= WINDOW) {
    for (let i = 0n; i < WINDOW; i++) if (sum) sum = add(sum, sum, found)
    for (const { factor, table } of scalars) {
      const digit = Number((factor >> bit) & (2n ** WINDOW - 1n))
      if (digit !== 0) sum = add(sum, table[digit], found)
    }
  }
  return concat(...found.map(encode))
}

export declare namespace hints {
  type Options = {
    /** SHA-384 of the message. */
    digest: Uint8Array
    /** x then y. */
    key: Uint8Array
    /** r then s. */
    signature: Uint8Array
  }
}

/** The multiples 0 to 15, each by adding the point to the one before. */
function multiplesOf(point: Point, found: bigint[]): readonly Point[] {
  const table: Point[] = [undefined, point]
  while (table.length < 2 ** Number(WINDOW)) table.push(add(table.at(-1), point, found))
  return table
}

/** The sum, and the slope of the line through both, where there is one. */
function add(left: Point, right: Point, found: bigint[]): Point {
  if (!left) return right
  if (!right) return left
  const same = left.x === right.x
  if (same && left.y !== right.y) return undefined
  const slope = same
    ? mod((3n * left.x * left.x - 3n) * invert(2n * left.y, PRIME))
    : mod((right.y - left.y) * invert(right.x - left.x, PRIME))
  found.push(slope)
  const x = mod(slope * slope - left.x - right.x)
  return { x, y: mod(slope * (left.x - x) - left.y) }
}

function isScalar(value: bigint): boolean {
  return value > 0n && value < ORDER
}

function isOnCurve({ x, y }: { x: bigint; y: bigint }): boolean {
  return x < PRIME && y < PRIME && mod(y * y) === mod(x * x * x - 3n * x + B)
}

/** By Euclid's algorithm; `value` and the prime `modulus` have no common divisor. */
function invert(value: bigint, modulus: bigint): bigint {
  let [rest, next] = [((value % modulus) + modulus) % modulus, modulus]
  let [factor, nextFactor] = [1n, 0n]
  while (next !== 0n) {
    const quotient = rest / next
    ;[rest, next] = [next, rest - quotient * next]
    ;[factor, nextFactor] = [nextFactor, factor - quotient * nextFactor]
  }
  return ((factor % modulus) + modulus) % modulus
}

function mod(value: bigint): bigint {
  return ((value % PRIME) + PRIME) % PRIME
}

function number(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

function encode(value: bigint): Bytes {
  return Uint8Array.from({ length: LENGTH }, (_, index) =>
    Number((value >> BigInt(8 * (LENGTH - 1 - index))) & 0xffn),
  )
}
