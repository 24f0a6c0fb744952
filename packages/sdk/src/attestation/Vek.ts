import { type Bytes, equal, isZero } from './Bytes.ts'
import * as Der from './Der.ts'
import { refuse } from './Refusal.ts'
import type { Product, SnpReport, SnpTcb } from './SnpReport.ts'
import type { Certificate } from './X509.ts'

const AMD = '1.3.6.1.4.1.3704.1'
const PRODUCT_NAME = `${AMD}.2`
const CHIP_ID = `${AMD}.4`
const VERSIONS: Readonly<Record<keyof SnpTcb, string>> = {
  bootLoader: `${AMD}.3.1`,
  fmc: `${AMD}.3.9`,
  microcode: `${AMD}.3.8`,
  snp: `${AMD}.3.3`,
  tee: `${AMD}.3.2`,
}

/** Checks that the key that signed a report was derived for that report's chip and security versions. */
export function check(vek: Certificate, { product, report, tcb }: check.Options): void {
  const wanted = report.signingKey === 'vcek' ? 'SEV-VCEK' : 'SEV-VLEK'
  if (vek.commonName !== wanted) {
    refuse('SNP_KEY', "the signing certificate's name", { bound: wanted, value: vek.commonName })
  }
  const name = text(vek, PRODUCT_NAME)
  if (!name.toLowerCase().startsWith(product)) {
    refuse('SNP_PRODUCT', "the signing certificate's product", { bound: product, value: name })
  }
  for (const part of Object.keys(tcb) as (keyof SnpTcb)[]) {
    const certified = Der.small(extension(vek, VERSIONS[part]), `VEK certificate's ${part} version`)
    const reported = tcb[part] ?? 0
    if (certified !== reported) {
      const subject = `the reported TCB's ${part}`
      refuse('SNP_TCB_MISMATCH', subject, { bound: `${certified}, as certified`, value: reported })
    }
  }
  if (report.signingKey === 'vcek') checkChip(vek, report)
}

export declare namespace check {
  type Options = { product: Product; report: SnpReport; tcb: SnpTcb }
}

/** Milan and Genoa have chip ids of 64 bytes, Turin of 8 with zeros after them. A host may mask it in the report. */
function checkChip(vek: Certificate, { chipId, chipIdMasked }: SnpReport): void {
  const certified = chipOf(vek)
  if (chipIdMasked && isZero(chipId)) return
  const same =
    equal(chipId.subarray(0, certified.length), certified) && isZero(chipId.subarray(certified.length))
  if (!same) refuse('SNP_CHIP_ID', "the report's chip id", { bound: certified, value: chipId })
}

/** Older certificates hold the bare id, newer ones wrap it in an octet string. */
function chipOf(vek: Certificate): Bytes {
  const value = vek.extensions.get(CHIP_ID)
  const bare =
    value?.length === 66 || value?.length === 10 ? Der.octets(Der.decode(value, 'chip id'), 'chip id') : value
  if (bare?.length === 64 || bare?.length === 8) return bare
  const found = value ?? 'missing'
  return refuse('SNP_CHIP_ID', "the VCEK certificate's chip id", { bound: '64 or 8 bytes', value: found })
}

function extension(vek: Certificate, id: string): Der.Element | undefined {
  const value = vek.extensions.get(id)
  return value && Der.decode(value, `VEK certificate's extension ${id}`)
}

function text(vek: Certificate, id: string): string {
  const subject = "VEK certificate's product name"
  return String.fromCharCode(
    ...Der.expect(extension(vek, id), { subject, tag: Der.Tag.IA5_STRING }).content.subarray(0, 64),
  )
}
