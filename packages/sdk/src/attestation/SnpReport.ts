import { type Bytes, concat, isZero } from './Bytes.ts'
import { littleEndian } from './Reader.ts'
import { refuse } from './Refusal.ts'

/** The generations of processors whose reports are known. */
export type Product = 'genoa' | 'milan' | 'turin'

/** The eight bytes of security versions that a report holds; Turin added `fmc` and moved the others. */
export type SnpTcb = { fmc?: number; bootLoader: number; tee: number; snp: number; microcode: number }

/** An SEV-SNP attestation report, versions 2 to 5. */
export type SnpReport = {
  version: number
  guestSvn: number
  policy: bigint
  familyId: Bytes
  imageId: Bytes
  /** The privilege level that asked; 0 is the highest. */
  vmpl: number
  platformInfo: bigint
  signingKey: 'vcek' | 'vlek'
  /** The provider hid the chip's identity. */
  chipIdMasked: boolean
  reportData: Bytes
  measurement: Bytes
  hostData: Bytes
  idKeyDigest: Bytes
  authorKeyDigest: Bytes
  reportId: Bytes
  reportedTcb: Bytes
  currentTcb: Bytes
  committedTcb: Bytes
  launchTcb: Bytes
  /** Family and model of the processor, from version 3 on. */
  cpu?: { family: number; model: number }
  chipId: Bytes
  signed: Bytes
  /** r then s, most significant byte first. */
  signature: Bytes
}

const LENGTH = 1184
const SIGNED = 672
const NUMBER = 48
const KEYS = ['vcek', 'vlek'] as const

/** Reads a report. What its signature does not cover must be zero, so that each report has one form. */
export function snpReport(input: Uint8Array): SnpReport {
  if (input.length !== LENGTH) {
    refuse('SNP_FORM', "the SNP report's length", {
      bound: `${LENGTH} bytes`,
      value: `${input.length} bytes`,
    })
  }
  const bytes = new Uint8Array(input)
  const at = (offset: number, length: number): Bytes => bytes.subarray(offset, offset + length)
  const number = (offset: number): number => Number(littleEndian(bytes, { length: 4, offset }))
  const version = number(0)
  if (version < 2 || version > 5) {
    refuse('SNP_VERSION', "the SNP report's version", { bound: '2, 3, 4 or 5', value: version })
  }
  const algorithm = number(52)
  if (algorithm !== 1) {
    const bound = '1 (ECDSA P-384 with SHA-384)'
    refuse('SNP_ALGORITHM', "the SNP report's signature algorithm", { bound, value: algorithm })
  }
  const flags = number(72)
  const report: SnpReport = {
    authorKeyDigest: at(272, 48),
    chipId: at(416, 64),
    chipIdMasked: (flags & 2) !== 0,
    committedTcb: at(480, 8),
    currentTcb: at(56, 8),
    familyId: at(16, 16),
    guestSvn: number(4),
    hostData: at(192, 32),
    idKeyDigest: at(224, 48),
    imageId: at(32, 16),
    launchTcb: at(496, 8),
    measurement: at(144, 48),
    platformInfo: littleEndian(bytes, { length: 8, offset: 64 }),
    policy: littleEndian(bytes, { length: 8, offset: 8 }),
    reportData: at(80, 64),
    reportedTcb: at(384, 8),
    reportId: at(320, 32),
    signature: signature(at(SIGNED, LENGTH - SIGNED)),
    signed: at(0, SIGNED),
    signingKey: signingKey((flags >> 2) & 7),
    version,
    vmpl: number(48),
  }
  return version >= 3 ? { ...report, cpu: { family: bytes[392] ?? 0, model: bytes[393] ?? 0 } } : report
}

/** The security versions in a TCB field, as the product lays them out. */
export function snpTcb(field: Uint8Array, product: Product): SnpTcb {
  const at = (index: number): number => field[index] ?? 0
  return product === 'turin'
    ? { bootLoader: at(1), fmc: at(0), microcode: at(7), snp: at(3), tee: at(2) }
    : { bootLoader: at(0), microcode: at(7), snp: at(6), tee: at(1) }
}

/** r and s stand in 72 bytes each, least significant first, and zeros follow. */
function signature(field: Bytes): Bytes {
  const r = field.subarray(0, 72)
  const s = field.subarray(72, 144)
  const rest = concat(r.subarray(NUMBER), s.subarray(NUMBER), field.subarray(144))
  if (!isZero(rest)) refuse('SNP_FORM', "the SNP report's unsigned bytes", { bound: 'zero', value: rest })
  return concat(r.slice(0, NUMBER).reverse(), s.slice(0, NUMBER).reverse())
}

function signingKey(value: number): 'vcek' | 'vlek' {
  return (
    KEYS[value] ?? refuse('SNP_KEY', "the report's signing key", { bound: '0 (VCEK) or 1 (VLEK)', value })
  )
}
