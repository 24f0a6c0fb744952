import { type Bytes, own } from './Bytes.ts'
import { type Reader, reader } from './Reader.ts'
import { refuse } from './Refusal.ts'

/** An SPDM 1.1 exchange: the request for measurements and the device's signed answer. */
export type Spdm = {
  /** The nonce that the verifier asked with. */
  nonce: Bytes
  /** Measurement values by index, from 1. */
  measurements: ReadonlyMap<number, Bytes>
  /** NVIDIA's own fields by type. */
  opaque: ReadonlyMap<number, Bytes>
  signed: Bytes
  /** r then s. */
  signature: Bytes
}

const LIMIT = 64 * 1024
const VERSION_1_1 = 0x11
const GET_MEASUREMENTS = 0xe0
const MEASUREMENTS = 0x60
const DMTF = 1
const FORM = { code: 'SPDM_FORM', subject: 'SPDM message' } as const

/** Reads a request and its answer, one after the other. Throws a `RefusedError`. The signature is for the caller to check. */
export function spdm(input: Uint8Array): Spdm {
  const bytes = own(input, { limit: LIMIT, subject: 'SPDM message' })
  const fields = reader(bytes, FORM)
  expectByte(fields, { name: 'request version', wanted: VERSION_1_1 })
  expectByte(fields, { name: 'request code', wanted: GET_MEASUREMENTS })
  expectByte(fields, { name: 'request attributes', wanted: 1 })
  expectByte(fields, { name: 'request operation', wanted: 0xff })
  const nonce = fields.take(32)
  fields.u8()
  expectByte(fields, { name: 'response version', wanted: VERSION_1_1 })
  expectByte(fields, { name: 'response code', wanted: MEASUREMENTS })
  fields.take(2)
  const count = fields.u8()
  const measurements = readMeasurements(reader(fields.take(fields.u24()), FORM), count)
  fields.take(32)
  const opaque = readOpaque(reader(fields.take(fields.u16()), FORM))
  const signed = bytes.subarray(0, fields.at())
  const signature = fields.take(96)
  if (fields.left() > 0) {
    refuse('SPDM_FORM', 'what follows the SPDM message', {
      bound: 'nothing',
      value: `${fields.left()} bytes`,
    })
  }
  return { measurements, nonce, opaque, signature, signed }
}

function readMeasurements(record: Reader, count: number): ReadonlyMap<number, Bytes> {
  const found = new Map<number, Bytes>()
  while (record.left() > 0) {
    const index = record.u8()
    expectByte(record, { name: 'measurement specification', wanted: DMTF })
    const block = reader(record.take(record.u16()), FORM)
    block.u8()
    const value = block.take(block.u16())
    if (block.left() > 0 || found.has(index)) {
      refuse('SPDM_FORM', `measurement ${index}`, { bound: 'one value, once', value: 'another form' })
    }
    found.set(index, value)
  }
  if (found.size !== count || count === 0) {
    refuse('SPDM_FORM', 'the number of measurements', { bound: count || 'at least 1', value: found.size })
  }
  return found
}

function readOpaque(fields: Reader): ReadonlyMap<number, Bytes> {
  const found = new Map<number, Bytes>()
  while (fields.left() > 0) {
    const type = fields.u16()
    if (found.has(type)) refuse('SPDM_FORM', `opaque field ${type}`, { bound: 'one value', value: 'two' })
    found.set(type, fields.take(fields.u16()))
  }
  return found
}

function expectByte(fields: Reader, { name, wanted }: { name: string; wanted: number }): void {
  const found = fields.u8()
  if (found !== wanted) refuse('SPDM_FORM', `the SPDM ${name}`, { bound: wanted, value: found })
}
