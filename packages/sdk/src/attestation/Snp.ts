import { keccak256 } from 'viem'
import { type Bytes, concat, isZero } from './Bytes.ts'
import { intersect, verifyChain, type Window } from './Chain.ts'
import { checkNotRevoked, crl, verifyCrl } from './Crl.ts'
import * as Pem from './Pem.ts'
import { judge, refuse, type Verdict } from './Refusal.ts'
import { AMD_ROOTS } from './Roots.ts'
import { verify as verifySignature } from './Signature.ts'
import { type Product, type SnpReport, type SnpTcb, snpReport, snpTcb } from './SnpReport.ts'
import * as Vek from './Vek.ts'
import { type Certificate, certificate, spkiHash } from './X509.ts'

/** What a genuine SEV-SNP report proves. AMD publishes no rating of versions: compare `tcb` with your own minimum. */
export type Claims = {
  tee: 'sev-snp'
  product: Product
  /** The versions that the signing key belongs to. */
  tcb: SnpTcb
  vmpl: number
  /** keccak256 of the chip id; undefined under a VLEK, which hides the chip. */
  platformId: `0x${string}` | undefined
  /** keccak256 of guest policy and launch measurement. */
  workloadId: `0x${string}`
  reportData: Uint8Array
  /** Whether AMD's list of revoked authorities was given and checked. */
  revocation: 'checked' | 'not checked'
  window: Window
  report: SnpReport
}

const DEBUG = 19n
const MIGRATION_AGENT = 18n
const ALWAYS_ONE = 17n
/** Family and the ranges of models, from AMD's processor revision guides. */
const MODELS: Readonly<Record<Product, { family: number; models: readonly [number, number][] }>> = {
  genoa: {
    family: 0x19,
    models: [
      [0x10, 0x1f],
      [0xa0, 0xaf],
    ],
  },
  milan: { family: 0x19, models: [[0x00, 0x0f]] },
  turin: { family: 0x1a, models: [[0x00, 0x1f]] },
}

/** Verifies a report of Milan, Genoa or Turin. Guests open to debugging or to a migration agent are refused. */
export function verify(report: Uint8Array, options: verify.Options): Promise<Verdict<Claims>> {
  return judge(() => verified(report, options))
}

export { snpCertificates as certificatesIn, snpTable as tableOf } from './SnpCertificates.ts'
export { snpReport as read } from './SnpReport.ts'

export declare namespace verify {
  type Options = {
    /** The VCEK or VLEK certificate, DER or PEM. */
    vek: Uint8Array | string
    /** ASK or ASVK, then ARK, PEM as AMD's key server gives them. */
    chain: Uint8Array | string
    at: bigint
    /** SHA-256 of each product's root key; AMD's unless said otherwise. */
    roots?: Readonly<Record<Product, string>>
    /** AMD's list of revoked authorities, DER. */
    crl?: Uint8Array
    minimumTcb?: Partial<SnpTcb>
    /** The least privileged level that may have asked for the report. */
    maximumVmpl?: number
    workloads?: readonly `0x${string}`[]
  }
}

/** What a report's chip may be: by its processor, else by its chip id, which is 8 bytes long on Turin and 64 before. */
export function productsOf({ chipId, cpu }: SnpReport): readonly Product[] {
  if (cpu) return (Object.keys(MODELS) as Product[]).filter((product) => isOf(cpu, product))
  return isZero(chipId.subarray(8)) ? ['turin'] : ['milan', 'genoa']
}

/** keccak256 of policy (8 bytes, little-endian) and measurement. */
export function workloadId({ measurement, signed }: SnpReport): `0x${string}` {
  return keccak256(concat(signed.subarray(8, 16), measurement))
}

async function verified(input: Uint8Array, options: verify.Options): Promise<Claims> {
  const report = snpReport(input)
  const { product, revocation, vek, window } = await verifyVek(options)
  const { signature, signed: message } = report
  if (!(await verifySignature(vek.key, { algorithm: 'ecdsa-sha384', message, signature }))) {
    refuse('SNP_SIGNATURE', "the SNP report's signature", {
      bound: `made by "${vek.commonName}"`,
      value: 'wrong',
    })
  }
  checkProduct(report, product)
  const tcb = snpTcb(report.reportedTcb, product)
  Vek.check(vek, { product, report, tcb })
  checkPolicy(report, { ...options, tcb })
  return {
    platformId: hasChip(report) ? keccak256(report.chipId) : undefined,
    product,
    report,
    reportData: report.reportData,
    revocation,
    tcb,
    tee: 'sev-snp',
    vmpl: report.vmpl,
    window,
    workloadId: workloadId(report),
  }
}

async function verifyVek(options: verify.Options): Promise<Signer> {
  const { at, chain, crl: list, roots = AMD_ROOTS, vek: leaf } = options
  const subject = 'VEK chain'
  const ders: readonly Bytes[] = [
    ...Pem.certificates(leaf, 'VEK certificate'),
    ...Pem.certificates(chain, subject),
  ]
  const certificates = ders.map((der) => certificate(der, subject))
  const [vek, authority, root, ...rest] = certificates
  if (!vek || !authority || !root || rest.length > 0) {
    return refuse('CHAIN_LENGTH', subject, { bound: '3 certificates', value: certificates.length })
  }
  const dates = await verifyChain(certificates, { at, roots: Object.values(roots), subject })
  const pin = await spkiHash(root)
  const product = (Object.keys(roots) as Product[]).find((name) => roots[name] === pin)
  if (!product)
    return refuse('ROOT_NOT_PINNED', subject, { bound: Object.values(roots).join(' or '), value: pin })
  if (!list) return { product, revocation: 'not checked', vek, window: dates }
  const revoked = crl(list, 'AMD CRL')
  const window = await verifyCrl(revoked, { at, issuer: root, subject: 'AMD CRL' })
  checkNotRevoked(authority, { list: revoked, subject: 'AMD authority' })
  return { product, revocation: 'checked', vek, window: intersect(dates, window) }
}

type Signer = { product: Product; revocation: Claims['revocation']; vek: Certificate; window: Window }

/** From version 3 on a report names its processor, which must be of the generation whose root signed it. */
function checkProduct({ cpu }: SnpReport, product: Product): void {
  if (!cpu || isOf(cpu, product)) return
  const value = `family ${cpu.family}, model ${cpu.model}`
  refuse('SNP_PRODUCT', "the report's processor", { bound: `one of ${product}`, value })
}

function isOf({ family, model }: NonNullable<SnpReport['cpu']>, product: Product): boolean {
  const { family: wanted, models } = MODELS[product]
  return family === wanted && models.some(([from, to]) => model >= from && model <= to)
}

type Judged = verify.Options & { tcb: SnpTcb }

function checkPolicy(report: SnpReport, { maximumVmpl = 3, minimumTcb = {}, tcb, workloads }: Judged): void {
  const { policy, vmpl } = report
  const value = `0x${policy.toString(16)}`
  const has = (bit: bigint): boolean => ((policy >> bit) & 1n) === 1n
  if (!has(ALWAYS_ONE)) refuse('SNP_FORM', 'the guest policy', { bound: 'bit 17 set', value })
  if (has(DEBUG)) refuse('SNP_DEBUG', 'the guest policy', { bound: 'bit 19 (debug) clear', value })
  if (has(MIGRATION_AGENT)) {
    refuse('SNP_MIGRATION', 'the guest policy', { bound: 'bit 18 (migration agent) clear', value })
  }
  if (vmpl > maximumVmpl)
    refuse('SNP_VMPL', "the report's VMPL", { bound: `at most ${maximumVmpl}`, value: vmpl })
  for (const part of Object.keys(minimumTcb) as (keyof SnpTcb)[]) {
    const least = minimumTcb[part] ?? 0
    const found = tcb[part] ?? 0
    if (found < least)
      refuse('SNP_TCB', `the reported TCB's ${part}`, { bound: `at least ${least}`, value: found })
  }
  const workload = workloadId(report)
  if (workloads && !workloads.includes(workload)) {
    refuse('WORKLOAD', 'the workload', { bound: workloads.join(' or ') || 'none', value: workload })
  }
}

function hasChip({ chipId, chipIdMasked, signingKey }: SnpReport): boolean {
  return signingKey === 'vcek' && !chipIdMasked && !isZero(chipId)
}
