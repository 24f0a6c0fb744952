import { randomBytes } from 'node:crypto'
import type { Attestation } from '@jejunetwork/sdk'
import * as Authority from './Authority.ts'
import { element, extension, integer, octets } from './Authority.ts'

/** AMD's authorities and one chip, under a root of our own. */
export type Amd = {
  at: bigint
  product: 'genoa' | 'milan' | 'turin'
  root: Authority.Party
  authority: Authority.Party
  vek: Authority.Party
  roots: Readonly<Record<'genoa' | 'milan' | 'turin', string>>
  chipId: Uint8Array
}

const DAY = 86_400n
const OID = '1.3.6.1.4.1.3704.1'
const TCB = { bootLoader: 4, fmc: 1, microcode: 213, snp: 23, tee: 0 }
const NAMES = { genoa: 'Genoa', milan: 'Milan', turin: 'Turin' }
const CPUS = { genoa: [0x19, 0x11], milan: [0x19, 0x01], turin: [0x1a, 0x02] }

export function amd(options: amd.Options = {}): Amd {
  const { at = 1_780_000_000n, bits = 2048, key = 'SEV-VCEK', legacy = true, product = 'milan' } = options
  const dates = { from: at - 400n * DAY, until: at + 3000n * DAY }
  const name = NAMES[product]
  const rsa = () => ({ authority: true, key: Authority.keyOf('RSA', bits) })
  const root = Authority.issue(`ARK-${name}`, 'RSA', { ...dates, ...rsa() })
  const authority = Authority.issue(`SEV-${name}`, 'RSA', {
    ...dates,
    ...rsa(),
    by: root,
    pathLength: 0,
  })
  const chipId = new Uint8Array(randomBytes(product === 'turin' ? 8 : 64))
  const versions = { bootLoader: '3.1', fmc: '3.9', microcode: '3.8', snp: '3.3', tee: '3.2' }
  const parts = (Object.keys(versions) as (keyof typeof versions)[]).filter(
    (part) => part !== 'fmc' || product === 'turin',
  )
  const extensions = [
    extension(`${OID}.2`, element(0x16, Buffer.from(name))),
    ...parts.map((part) => extension(`${OID}.${versions[part]}`, integer(TCB[part]))),
    extension(`${OID}.4`, legacy ? chipId : octets(chipId)),
  ]
  const vek = Authority.issue(key, 'P-384', { ...dates, by: authority, extensions })
  const pins = { genoa: '', milan: '', turin: '', [product]: Authority.pin(root) }
  return { at, authority, chipId, product, root, roots: pins, vek }
}

export declare namespace amd {
  type Options = {
    at?: bigint
    /** Of the authorities' keys: AMD's have 4,096, fewer are made faster. */
    bits?: number
    product?: Amd['product']
    key?: string
    legacy?: boolean
  }
}

/** A report of the chip, signed by its key. */
export function snpReport(of: Amd, options: snpReport.Options = {}): Uint8Array {
  const { chipId = of.chipId, cpu = CPUS[of.product], flags = 0, policy = 0x30000n, vmpl = 0 } = options
  const { algorithm = 1, reportData = new Uint8Array(64), tcb = TCB, version = 3 } = options
  const report = Buffer.alloc(1184)
  report.writeUInt32LE(version, 0)
  report.writeBigUInt64LE(policy, 8)
  report.writeUInt32LE(vmpl, 48)
  report.writeUInt32LE(algorithm, 52)
  report.writeUInt32LE(flags, 72)
  report.set(reportData, 80)
  report.fill(7, 144, 192)
  const { bootLoader, fmc, microcode, snp, tee } = tcb
  const fields =
    of.product === 'turin'
      ? [fmc, bootLoader, tee, snp, 0, 0, 0, microcode]
      : [bootLoader, tee, 0, 0, 0, 0, snp, microcode]
  report.set(fields, 384)
  report.set(cpu, 392)
  report.set(chipId, 416)
  const signature = Buffer.from(Authority.signRaw(of.vek.key, report.subarray(0, 672)))
  report.set(signature.subarray(0, 48).reverse(), 672)
  report.set(signature.subarray(48).reverse(), 744)
  return new Uint8Array(report)
}

export declare namespace snpReport {
  type Options = {
    algorithm?: number
    chipId?: Uint8Array
    cpu?: readonly number[]
    flags?: number
    policy?: bigint
    reportData?: Uint8Array
    tcb?: typeof TCB
    version?: number
    vmpl?: number
  }
}

export function keysOf({ at, authority, root, roots, vek }: Amd): Attestation.Snp.verify.Options {
  return { at, chain: Authority.pem(authority, root), roots, vek: vek.der }
}

/** What AMD's key service serves of this chip, by path; its list of revoked authorities names these. */
export function keyFiles(
  { at, authority, chipId, product, root, vek }: Amd,
  revoked: readonly Authority.Party[] = [],
): Record<string, Uint8Array | string> {
  const base = `/vcek/v1/${NAMES[product]}`
  return {
    [`${base}/${Buffer.from(chipId).toString('hex')}`]: vek.der,
    [`${base}/cert_chain`]: Authority.pem(authority, root),
    [`${base}/crl`]: Authority.revocationList(root, { from: at - DAY, revoked, until: at + 365n * DAY }),
  }
}

export const MINIMUMS = TCB

/** What a host gives along with a report: the certificates of chip, ASK and ARK in the table of the GHCB specification. */
export function certificateTable({ authority, root, vek }: Amd): Uint8Array {
  const entries = [
    ['63da758de6644564adc5f4b93be8accd', vek.der],
    ['4ab7b379bbac4fe4a02f05aef327c782', authority.der],
    ['c0b406a4a803495297433fb6014cd0ae', root.der],
  ] as const
  let from = 24 * (entries.length + 1)
  const heads = entries.map(([name, der]) => {
    const head = Buffer.alloc(24)
    head.write(name, 'hex')
    head.writeUInt32LE(from, 16)
    head.writeUInt32LE(der.length, 20)
    from += der.length
    return head
  })
  return new Uint8Array(Buffer.concat([...heads, Buffer.alloc(24), ...entries.map(([, der]) => der)]))
}
