#!/usr/bin/env node
// Makes a PKI in the form of Intel's, under a root of its own, for what real quotes cannot show: test/vectors/intel-synthetic.json.
// The tests build collateral and quotes themselves and sign them with the keys written here. Keys are new at every run.
import { generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

type Key = { privateKey: KeyObject; d: Buffer; x: Buffer; y: Buffer; spki: Buffer }
type Party = { name: string; key: Key }

const NOW = Date.UTC(2026, 0, 1) / 1000
const DAY = 86_400
const SGX = '1.2.840.113741.1.13.1'
const CPU_SVNS = [3, 3, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0]

function tlv(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const size = body.length
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}
const sequence = (...parts: Buffer[]) => tlv(0x30, ...parts)
const octets = (value: Buffer) => tlv(0x04, value)
const bits = (value: Buffer, unused = 0) => tlv(0x03, Buffer.concat([Buffer.from([unused]), value]))
const boolean = () => tlv(0x01, Buffer.from([255]))

function integer(value: number | Buffer): Buffer {
  const hex = typeof value === 'number' ? value.toString(16) : value.toString('hex')
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex')
  const start = bytes.findIndex((byte) => byte !== 0)
  const trimmed = start < 0 ? Buffer.from([0]) : bytes.subarray(start)
  return tlv(0x02, (trimmed[0] ?? 0) > 127 ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed)
}

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = rest.flatMap((part) => {
    const groups = [part & 127]
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left & 127) | 128)
    return groups
  })
  return tlv(0x06, Buffer.from([first * 40 + second, ...bytes]))
}

function time(seconds: number): Buffer {
  const digits = new Date(seconds * 1000).toISOString().replace(/\D/g, '').slice(0, 14)
  return seconds < Date.UTC(2050, 0) / 1000
    ? tlv(0x17, Buffer.from(`${digits.slice(2)}Z`))
    : tlv(0x18, Buffer.from(`${digits}Z`))
}

function distinguishedName(common: string): Buffer {
  const utf8 = (id: string, value: string) => tlv(0x31, sequence(objectId(id), tlv(0x0c, Buffer.from(value))))
  return sequence(
    utf8('2.5.4.3', common),
    utf8('2.5.4.10', 'Intel Corporation'),
    utf8('2.5.4.7', 'Santa Clara'),
    utf8('2.5.4.8', 'CA'),
    tlv(0x31, sequence(objectId('2.5.4.6'), tlv(0x13, Buffer.from('US')))),
  )
}

const ECDSA = sequence(objectId('1.2.840.10045.4.3.2'))
const signed = (tbs: Buffer, by: Key) => sequence(tbs, ECDSA, bits(sign('sha256', tbs, by.privateKey)))

function key(): Key {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = privateKey.export({ format: 'jwk' })
  const [d, x, y] = [jwk.d, jwk.x, jwk.y].map((part) => Buffer.from(part ?? '', 'base64url'))
  if (!d || !x || !y) throw new Error('a P-256 key has three parts')
  return { d, privateKey, spki: publicKey.export({ format: 'der', type: 'spki' }), x, y }
}

const party = (name: string): Party => ({ key: key(), name })
const serialNumber = () => Buffer.concat([Buffer.from([0x40]), randomBytes(19)])

function certificate(
  subject: Party,
  issuer: Party,
  options: {
    authority?: boolean
    usage?: Buffer
    serial: Buffer
    from?: number
    until?: number
    sgx?: Buffer
  },
): Buffer {
  const { authority = false, from = NOW - 400 * DAY, serial, sgx, until = NOW + 3000 * DAY } = options
  const usage = options.usage ?? (authority ? bits(Buffer.from([0x06]), 1) : bits(Buffer.from([0xc0]), 6))
  const tbs = sequence(
    tlv(0xa0, integer(2)),
    integer(serial),
    ECDSA,
    distinguishedName(issuer.name),
    sequence(time(from), time(until)),
    distinguishedName(subject.name),
    subject.key.spki,
    tlv(
      0xa3,
      sequence(
        sequence(objectId('2.5.29.15'), boolean(), octets(usage)),
        sequence(
          objectId('2.5.29.19'),
          boolean(),
          octets(authority ? sequence(boolean(), integer(0)) : sequence()),
        ),
        ...(sgx ? [sgx] : []),
      ),
    ),
  )
  const der = signed(tbs, issuer.key)
  if (!new X509Certificate(der).subject.includes(subject.name)) throw new Error('not a certificate')
  return der
}

/** What Intel writes about a platform into its PCK certificate. */
function sgxExtension(ppid: Buffer, { cpuSvns = CPU_SVNS, fmspc = '00a1b2c30000' } = {}): Buffer {
  const pair = (path: string, value: Buffer) => sequence(objectId(`${SGX}.${path}`), value)
  const tcb = [
    ...cpuSvns.map((svn, index) => pair(`2.${index + 1}`, integer(svn))),
    pair('2.17', integer(13)),
    pair('2.18', octets(Buffer.from(cpuSvns))),
  ]
  return sequence(
    objectId(SGX),
    octets(
      sequence(
        pair('1', octets(ppid)),
        pair('2', sequence(...tcb)),
        pair('3', octets(Buffer.from([0, 0]))),
        pair('4', octets(Buffer.from(fmspc, 'hex'))),
        pair('5', tlv(0x0a, Buffer.from([1]))),
      ),
    ),
  )
}

function revocationList(issuer: Party, at: number, serials: readonly Buffer[], next = at + 30 * DAY): Buffer {
  const entry = (serial: Buffer) =>
    sequence(
      integer(serial),
      time(at),
      sequence(sequence(objectId('2.5.29.21'), octets(tlv(0x0a, Buffer.from([1]))))),
    )
  const number = sequence(sequence(objectId('2.5.29.20'), octets(integer(1))))
  const tbs = sequence(
    integer(1),
    ECDSA,
    distinguishedName(issuer.name),
    time(at),
    time(next),
    ...(serials.length > 0 ? [sequence(...serials.map(entry))] : []),
    tlv(0xa0, number),
  )
  return signed(tbs, issuer.key)
}

const root = party('Intel SGX Root CA')
const foreignRoot = party('Intel SGX Root CA')
const platformCa = party('Intel SGX PCK Platform CA')
const signer = party('Intel SGX TCB Signing')
const secondSigner = party('Intel SGX TCB Signing')
const pck = party('Intel SGX PCK Certificate')
const otherPck = party('Intel SGX PCK Certificate')
const [caSerial, signerSerial, pckSerial] = [serialNumber(), serialNumber(), serialNumber()]
const ppid = randomBytes(16)
const oldSerials = Array.from({ length: 44 }, serialNumber)
const newSerials = Array.from({ length: 3 }, serialNumber)
const hex = (bytes: Buffer) => `0x${bytes.toString('hex')}`

const fixture = {
  now: NOW,
  rootX: hex(root.key.x),
  rootY: hex(root.key.y),
  signerKey: hex(signer.key.d),
  secondSignerKey: hex(secondSigner.key.d),
  pckKey: hex(pck.key.d),
  otherPckKey: hex(otherPck.key.d),
  platformCa: hex(certificate(platformCa, root, { authority: true, serial: caSerial })),
  signer: hex(certificate(signer, root, { serial: signerSerial })),
  secondSigner: hex(certificate(secondSigner, root, { serial: serialNumber() })),
  pck: hex(certificate(pck, platformCa, { serial: pckSerial, sgx: sgxExtension(ppid) })),
  /** The same machine, after an update. */
  updatedPck: hex(certificate(otherPck, platformCa, { serial: serialNumber(), sgx: sgxExtension(ppid) })),
  otherPck: hex(
    certificate(otherPck, platformCa, { serial: serialNumber(), sgx: sgxExtension(randomBytes(16)) }),
  ),
  oldPck: hex(
    certificate(otherPck, platformCa, {
      serial: serialNumber(),
      sgx: sgxExtension(randomBytes(16), { cpuSvns: [1, ...CPU_SVNS.slice(1)] }),
    }),
  ),
  foreignCa: hex(certificate(platformCa, foreignRoot, { authority: true, serial: serialNumber() })),
  leafAsCa: hex(certificate(platformCa, root, { serial: serialNumber() })),
  caWithoutUsage: hex(
    certificate(platformCa, root, {
      authority: true,
      serial: serialNumber(),
      usage: bits(Buffer.from([0xc0]), 6),
    }),
  ),
  endedCa: hex(certificate(platformCa, root, { authority: true, serial: serialNumber(), until: NOW - 1 })),
  pckWithoutExtension: hex(certificate(pck, platformCa, { serial: serialNumber() })),
  rootCrl: hex(revocationList(root, NOW - DAY, [])),
  rootCrlSigner: hex(revocationList(root, NOW + 60, [signerSerial])),
  rootCrlPlatformCa: hex(revocationList(root, NOW + 60, [caSerial])),
  pckCrl: hex(revocationList(platformCa, NOW - DAY, oldSerials)),
  pckCrlSame: hex(revocationList(platformCa, NOW + 30, oldSerials)),
  pckCrlRevoked: hex(revocationList(platformCa, NOW + 60, [...oldSerials, ...newSerials, pckSerial])),
  pckCrlReordered: hex(revocationList(platformCa, NOW + 60, [pckSerial, ...oldSerials.slice(1)])),
  pckCrlForeign: hex(revocationList({ ...platformCa, key: pck.key }, NOW + 60, [])),
}
const path = join(import.meta.dirname, '../../../test/vectors/intel-synthetic.json')
writeFileSync(path, `${JSON.stringify(fixture, null, 2)}\n`)
console.log(`Wrote ${path}.`)
