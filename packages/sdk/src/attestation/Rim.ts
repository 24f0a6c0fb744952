import { type Bytes, equal, fromBase64, fromHex, utf8 } from './Bytes.ts'
import { verifyChain, type Window } from './Chain.ts'
import type * as Nvidia from './Nvidia.ts'
import { type Ask, checkRevocations } from './Ocsp.ts'
import { judge, refuse, type Verdict } from './Refusal.ts'
import { NVIDIA_RIM_ROOT } from './Roots.ts'
import { sha384, verify as verifySignature } from './Signature.ts'
import { certificate } from './X509.ts'
import { attribute, canonical, type Element, elements, textOf, xml } from './Xml.ts'

/** The measurements that NVIDIA published for one version of a driver or of a device's firmware. */
export type Rim = {
  product: string
  version: string
  /** By index, from 0: the values that count as good. */
  measurements: ReadonlyMap<number, readonly Bytes[]>
  /** Whether NVIDIA was asked if it had revoked the signer, or an authority above it. */
  revocation: 'checked' | 'not checked'
  window: Window
}

/** What was compared. */
export type Appraisal = { driver: boolean; firmware: boolean; matched: readonly number[] }

const C14N = 'http://www.w3.org/2006/12/xml-c14n11'
const DSIG = 'http://www.w3.org/2000/09/xmldsig#'
const ENVELOPED = `${DSIG}enveloped-signature`
const ECDSA_SHA384 = 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384'
const SHA384 = 'http://www.w3.org/2001/04/xmldsig-more#sha384'
const SWID = 'http://standards.iso.org/iso/19770/-2/2015/schema.xsd'
const HASHES = 'http://www.w3.org/2001/04/xmlenc#sha384'
/** Opaque field 11 of a GPU report says whether the first video decoder is on; index 35 measures it. */
const NVDEC_STATUS = 11
const NVDEC_DISABLED = 0x55
const NVDEC_INDEX = 35

/** Verifies the XML signature of a reference integrity manifest, and its signer up to NVIDIA's root for them. */
export function verify(text: string, options: verify.Options): Promise<Verdict<Rim>> {
  return judge(async () => {
    const root = xml(text, 'RIM')
    const window = await verifyXmlSignature(root, options)
    return { ...read(root), revocation: options.ocsp ? 'checked' : 'not checked', window }
  })
}

export declare namespace verify {
  type Options = {
    at: bigint
    /** Asks what NVIDIA has revoked, as `Ocsp.askAt` does. */
    ocsp?: Ask | undefined
    roots?: readonly string[]
  }
}

/** Compares a device's measurements with manifests of its own driver and firmware versions. */
export function appraise(claims: Nvidia.Claims, rims: readonly Rim[]): Promise<Verdict<Appraisal>> {
  return judge(async () => {
    const driver = rims.some(({ version }) => version === claims.driver)
    const firmware = rims.some(({ version }) => version === claims.firmware)
    const matched = new Set<number>()
    for (const rim of rims) {
      if (rim.version !== claims.driver && rim.version !== claims.firmware) {
        const bound = [claims.driver, claims.firmware].join(' or ')
        refuse('RIM_VERSION', "the RIM's version", { bound, value: rim.version })
      }
      for (const [index, values] of rim.measurements) {
        if (matched.has(index))
          refuse('RIM_CONFLICT', `measurement ${index}`, { bound: 'in one RIM', value: 'in two' })
        if (index === NVDEC_INDEX && claims.opaque.get(NVDEC_STATUS)?.[0] === NVDEC_DISABLED) continue
        checkMeasurement(claims, { index, values })
        matched.add(index)
      }
    }
    return { driver, firmware, matched: [...matched].sort((left, right) => left - right) }
  })
}

/** RIMs count from 0, reports from 1. */
function checkMeasurement(
  claims: Nvidia.Claims,
  { index, values }: { index: number; values: readonly Bytes[] },
): void {
  const found = claims.measurements.get(index + 1)
  if (found && values.some((value) => equal(value, found))) return
  refuse('RIM_MEASUREMENT', `measurement ${index}`, {
    bound: values.length === 1 ? (values[0] ?? '') : `one of ${values.length} values`,
    value: found ?? 'missing',
  })
}

/** One enveloped signature over the whole document, by Canonical XML 1.1, with ECDSA P-384. */
async function verifyXmlSignature(root: Element, options: verify.Options): Promise<Window> {
  const { at, ocsp, roots = [NVIDIA_RIM_ROOT] } = options
  const signature = only(root, { name: 'Signature', namespace: DSIG })
  const info = only(signature, { name: 'SignedInfo', namespace: DSIG })
  const digest = readSignedInfo(info)
  const found = await sha384(utf8(canonical(root, signature)))
  if (!equal(found, digest)) refuse('RIM_SIGNATURE', "the RIM's digest", { bound: digest, value: found })

  const data = only(only(signature, { name: 'KeyInfo', namespace: DSIG }), {
    name: 'X509Data',
    namespace: DSIG,
  })
  const ders = elements(data).map((item) => base64(item, 'certificate'))
  const chain = ders.map((der) => certificate(der, 'RIM signer chain'))
  const window = await verifyChain(chain, { at, roots, subject: 'RIM signer chain' })
  const [signer] = chain
  if (!signer) return refuse('CHAIN_LENGTH', 'RIM signer chain', { bound: 'a signer', value: 0 })
  const value = base64(only(signature, { name: 'SignatureValue', namespace: DSIG }), 'signature')
  const message = utf8(canonical(info))
  if (!(await verifySignature(signer.key, { algorithm: 'ecdsa-sha384', message, signature: value }))) {
    refuse('RIM_SIGNATURE', "the RIM's signature", {
      bound: `made by "${signer.commonName}"`,
      value: 'wrong',
    })
  }
  if (ocsp) await checkRevocations(chain, { ask: ocsp, at, subject: 'RIM signer chain' })
  return window
}

/** Accepts one way to sign only; answers with the digest that was signed. */
function readSignedInfo(info: Element): Bytes {
  const dsig = (name: string, parent: Element): Element => only(parent, { name, namespace: DSIG })
  const reference = dsig('Reference', info)
  const used = [
    dsig('CanonicalizationMethod', info),
    dsig('SignatureMethod', info),
    ...elements(dsig('Transforms', reference)),
    dsig('DigestMethod', reference),
  ].map((element) => attribute(element, 'Algorithm'))
  const wanted = [C14N, ECDSA_SHA384, ENVELOPED, C14N, SHA384]
  if (used.join(' ') !== wanted.join(' ')) {
    refuse('RIM_FORM', "the RIM's signature algorithms", { bound: wanted.join(' '), value: used.join(' ') })
  }
  const uri = attribute(reference, 'URI')
  if (uri !== '')
    refuse('RIM_FORM', 'what the RIM signs', { bound: 'the whole document', value: uri ?? 'nothing' })
  return base64(dsig('DigestValue', reference), 'digest')
}

function read(root: Element): Omit<Rim, 'revocation' | 'window'> {
  if (root.local !== 'SoftwareIdentity' || root.namespace !== SWID) {
    refuse('RIM_FORM', "the RIM's root", { bound: 'SoftwareIdentity', value: root.name })
  }
  const meta = only(root, { name: 'Meta', namespace: SWID })
  const measurements = new Map<number, readonly Bytes[]>()
  for (const resource of elements(only(root, { name: 'Payload', namespace: SWID }))) {
    const index = Number(attribute(resource, 'index') ?? Number.NaN)
    const active = attribute(resource, 'active')
    const known = attribute(resource, 'type') === 'Measurement' && (active === 'True' || active === 'False')
    if (!known || !Number.isSafeInteger(index) || measurements.has(index)) {
      refuse('RIM_FORM', 'a resource of the RIM', { bound: 'a measurement, once', value: resource.name })
    }
    if (active === 'True') measurements.set(index, values(resource))
  }
  return {
    measurements,
    product: attribute(meta, 'product') ?? '',
    version: attribute(meta, 'colloquialVersion') ?? '',
  }
}

function values(resource: Element): readonly Bytes[] {
  const length = Number(attribute(resource, 'size') ?? Number.NaN)
  const hashes = resource.attributes.filter(
    ({ local, namespace }) => namespace === HASHES && /^Hash\d+$/.test(local),
  )
  if (hashes.length === 0 || String(hashes.length) !== attribute(resource, 'alternatives')) {
    const bound = attribute(resource, 'alternatives') ?? 'at least 1'
    refuse('RIM_FORM', 'the values of a measurement', { bound, value: hashes.length })
  }
  return hashes.map(({ value }) => fromHex(value, { length, subject: 'a value in the RIM' }))
}

function only(parent: Element, { name, namespace }: { name: string; namespace: string }): Element {
  const found = elements(parent).filter((child) => child.local === name && child.namespace === namespace)
  const [first] = found
  if (first && found.length === 1) return first
  return refuse('RIM_FORM', `${name} in ${parent.local}`, { bound: 'one', value: found.length })
}

function base64(element: Element, subject: string): Bytes {
  return fromBase64(textOf(element).replaceAll(/[ \n\r\t]/g, ''), {
    code: 'RIM_FORM',
    subject: `RIM's ${subject}`,
  })
}
