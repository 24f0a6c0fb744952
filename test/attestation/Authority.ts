import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

/** A certificate authority for tests: what vendors do, under keys of our own. */
export type Party = { name: string; key: Key; der: Uint8Array; serial: Uint8Array }

export type Key = { kind: 'P-256' | 'P-384' | 'RSA'; private: KeyObject; spki: Buffer }

export type Issue = {
  by?: Party
  from: bigint
  until: bigint
  authority?: boolean
  pathLength?: number
  extensions?: readonly Uint8Array[]
  usage?: number
  key?: Key
}

const ECDSA = { 'P-256': '1.2.840.10045.4.3.2', 'P-384': '1.2.840.10045.4.3.3' }
const PSS_SHA384 = Buffer.from(
  '304106092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130',
  'hex',
)

export function keyOf(kind: Key['kind'], modulusLength = 2048): Key {
  const pair =
    kind === 'RSA'
      ? generateKeyPairSync('rsa', { modulusLength })
      : generateKeyPairSync('ec', { namedCurve: kind })
  return { kind, private: pair.privateKey, spki: pair.publicKey.export({ format: 'der', type: 'spki' }) }
}

/** SHA-256 of the public key info, as roots are pinned. */
export function pin({ key }: Party): string {
  return createHash('sha256').update(key.spki).digest('hex')
}

/** x then y. */
export function point(key: Key): Buffer {
  return key.spki.subarray(key.kind === 'P-256' ? -64 : -96)
}

/** ECDSA as r then s, with the hash that fits the curve. */
export function signRaw(key: Key, message: Uint8Array): Uint8Array {
  const hash = key.kind === 'P-256' ? 'sha256' : 'sha384'
  return new Uint8Array(sign(hash, message, { dsaEncoding: 'ieee-p1363', key: key.private }))
}

export function issue(name: string, kind: Key['kind'], options: Issue): Party {
  const { authority = false, by, extensions = [], from, key = keyOf(kind), pathLength, until } = options
  const { usage = authority ? 0x06 : 0xc0 } = options
  const serial = Buffer.concat([Buffer.of(0x40), randomBytes(15)])
  const signer = by?.key ?? key
  const limit = pathLength === undefined ? [] : [integer(pathLength)]
  const all = [
    sequence(oid('2.5.29.15'), boolean(), octets(element(0x03, Buffer.of(1, usage)))),
    sequence(oid('2.5.29.19'), boolean(), octets(authority ? sequence(boolean(), ...limit) : sequence())),
    ...extensions,
  ]
  const tbs = sequence(
    element(0xa0, integer(2)),
    element(0x02, serial),
    algorithm(signer),
    distinguished(by?.name ?? name),
    sequence(time(from), time(until)),
    distinguished(name),
    key.spki,
    element(0xa3, sequence(...all)),
  )
  return { der: signed(tbs, signer), key, name, serial }
}

export function revocationList(by: Party, options: revocationList.Options): Uint8Array {
  const { entryExtensions = [], extensions = [], from, revoked = [], until, version = 1 } = options
  const more = entryExtensions.length === 0 ? [] : [sequence(...entryExtensions)]
  const entries = revoked.map(({ serial }) => sequence(element(0x02, serial), time(from), ...more))
  const parts = [
    integer(version),
    algorithm(by.key),
    distinguished(by.name),
    time(from),
    time(until),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    ...(extensions.length === 0 ? [] : [element(0xa0, sequence(...extensions))]),
  ]
  return signed(sequence(...parts), by.key)
}

export declare namespace revocationList {
  type Options = {
    from: bigint
    until: bigint
    revoked?: readonly Party[]
    extensions?: readonly Uint8Array[]
    entryExtensions?: readonly Uint8Array[]
    version?: number
  }
}

export function pem(...parties: readonly Party[]): string {
  return parties
    .map(({ der }) =>
      Buffer.from(der)
        .toString('base64')
        .replaceAll(/(.{64})(?=.)/g, '$1\n'),
    )
    .map((body) => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`)
    .join('')
}

export function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...size), content])
}

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(0x30, ...parts)
}

export function octets(bytes: Uint8Array): Buffer {
  return element(0x04, bytes)
}

export function integer(value: number): Buffer {
  const digits = value.toString(16)
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
  return element(0x02, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes)
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...arcs] = dotted.split('.').map(Number)
  const base128 = (arc: number): number[] => {
    const bytes = [arc % 128]
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128))
      bytes.unshift(128 + (rest % 128))
    return bytes
  }
  return element(0x06, Buffer.from([40 * first + second, ...arcs].flatMap(base128)))
}

/** An extension that is not critical, unless `critical`. */
export function extension(id: string, value: Uint8Array, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [boolean()] : []), octets(value))
}

function boolean(): Buffer {
  return element(0x01, Buffer.of(0xff))
}

/** The contracts compare Intel's names whole, as Intel writes them. */
function distinguished(name: string): Buffer {
  const part = (id: string, value: string, tag = 0x0c): Buffer =>
    element(0x31, sequence(oid(id), element(tag, Buffer.from(value))))
  const common = part('2.5.4.3', name)
  if (!name.startsWith('Intel ')) return sequence(common)
  const company = part('2.5.4.10', 'Intel Corporation')
  const place = [part('2.5.4.7', 'Santa Clara'), part('2.5.4.8', 'CA'), part('2.5.4.6', 'US', 0x13)]
  return sequence(common, company, ...place)
}

function time(seconds: bigint): Buffer {
  const digits = new Date(Number(seconds) * 1000).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return Number(digits.slice(0, 4)) < 2050
    ? element(0x17, Buffer.from(digits.slice(2)))
    : element(0x18, Buffer.from(digits))
}

function algorithm(key: Key): Buffer {
  return key.kind === 'RSA' ? PSS_SHA384 : sequence(oid(ECDSA[key.kind]))
}

function signed(tbs: Buffer, key: Key): Uint8Array {
  const hash = key.kind === 'P-256' ? 'sha256' : 'sha384'
  const pss = { padding: 6, saltLength: 48 }
  const signature = sign(hash, tbs, { key: key.private, ...(key.kind === 'RSA' ? pss : {}) })
  return new Uint8Array(sequence(tbs, algorithm(key), element(0x03, Buffer.of(0), signature)))
}
