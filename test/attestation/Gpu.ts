import { randomBytes } from 'node:crypto'
import type { Attestation } from '@jejunetwork/sdk'
import * as Authority from './Authority.ts'
import { element, extension, integer, octets, oid, sequence } from './Authority.ts'

/** One GPU with its chain of five certificates, under a root of our own. */
export type Gpu = {
  at: bigint
  chain: readonly Authority.Party[]
  roots: readonly string[]
  firmwareId: Uint8Array
}

const DAY = 86_400n

export function gpu(model: 'GB100' | 'GH100' | 'LS_10' | 'XX100' = 'GH100'): Gpu {
  const at = 1_780_000_000n
  const dates = { from: at - 400n * DAY, until: at + 3000n * DAY }
  const firmwareId = new Uint8Array(randomBytes(48))
  const root = Authority.issue('NVIDIA Device Identity CA', 'P-384', { ...dates, authority: true })
  const identity = Authority.issue(`NVIDIA ${model} Identity`, 'P-384', {
    ...dates,
    authority: true,
    by: root,
  })
  const provisioner = Authority.issue(`NVIDIA ${model} Provisioner`, 'P-384', {
    ...dates,
    authority: true,
    by: identity,
  })
  const device = Authority.issue(`${model} A01 GSP BROM`, 'P-384', {
    ...dates,
    authority: true,
    by: provisioner,
  })
  const key = Authority.keyOf('P-384')
  const digest = sequence(oid('2.16.840.1.101.3.4.2.2'), octets(firmwareId))
  const other = sequence(oid('2.16.840.1.101.3.4.2.2'), octets(Buffer.alloc(48)))
  const dice =
    model === 'GB100'
      ? extension(
          '2.23.133.5.4.1.1',
          sequence(element(0x80, Buffer.from('NVIDIA')), element(0xa6, digest, other)),
        )
      : extension('2.23.133.5.4.1', sequence(integer(1), key.spki, digest))
  const leaf = Authority.issue(`${model} A01 GSP FMC LF`, 'P-384', {
    ...dates,
    by: device,
    extensions: [dice],
    key,
  })
  return { at, chain: [leaf, device, provisioner, identity, root], firmwareId, roots: [Authority.pin(root)] }
}

/** The GPU's answer to a request with this nonce. */
export function evidence(
  of: Gpu,
  nonce: Uint8Array,
  options: evidence.Options = {},
): Attestation.Nvidia.Evidence {
  const {
    fields = [],
    firmwareId = of.firmwareId,
    measurements = [new Uint8Array(48), new Uint8Array(48).fill(1)],
  } = options
  const block = (value: Uint8Array, index: number): Buffer =>
    Buffer.concat([Buffer.of(index + 1, 1), le(value.length + 3), Buffer.of(1), le(value.length), value])
  const blocks = Buffer.concat(measurements.map(block))
  const field = (type: number, value: Uint8Array): Buffer =>
    Buffer.concat([le(type), le(value.length), value])
  const others = fields.map(([type, value]) => field(type, Uint8Array.from(value)))
  const opaque = Buffer.concat([field(3, Buffer.from('590.12\0')), field(20, firmwareId), ...others])
  const signed = Buffer.concat([
    Buffer.of(0x11, 0xe0, 1, 0xff),
    nonce,
    Buffer.of(0),
    Buffer.of(0x11, 0x60, 0, 0, measurements.length, blocks.length & 0xff, blocks.length >> 8, 0),
    blocks,
    randomBytes(32),
    le(opaque.length),
    opaque,
  ])
  const [leaf] = of.chain
  if (!leaf) throw new Error('The GPU has no leaf certificate.')
  const report = new Uint8Array(Buffer.concat([signed, Authority.signRaw(leaf.key, signed)]))
  return { chain: Authority.pem(...of.chain), report }
}

export declare namespace evidence {
  type Options = {
    /** More of NVIDIA's own, by type. */
    fields?: readonly (readonly [type: number, value: readonly number[]])[]
    firmwareId?: Uint8Array
    measurements?: readonly Uint8Array[]
  }
}

function le(value: number): Buffer {
  return Buffer.of(value & 0xff, value >> 8)
}
