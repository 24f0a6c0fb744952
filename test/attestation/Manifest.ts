import { createHash } from 'node:crypto'
import * as Authority from './Authority.ts'

/** A reference manifest in NVIDIA's form, in canonical XML already, signed under a root of our own. */
export type Manifest = { text: string; root: string; chain: readonly Authority.Party[] }

const DSIG = 'http://www.w3.org/2000/09/xmldsig#'
const C14N = 'http://www.w3.org/2006/12/xml-c14n11'
const HASHES = 'http://www.w3.org/2001/04/xmlenc#sha384'

export function manifest(version: string, measurements: readonly Uint8Array[], at: bigint): Manifest {
  const dates = { from: at - 86_400n, until: at + 8_640_000n }
  const root = Authority.issue('RIM Root CA', 'P-384', { ...dates, authority: true })
  const signer = Authority.issue('RIM Signer', 'P-384', { ...dates, by: root })
  const resources = measurements.map((value, index) => {
    const hash = Buffer.from(value).toString('hex')
    return `<Resource xmlns:SHA384="${HASHES}" SHA384:Hash0="${hash}" active="True" alternatives="1" index="${index}" size="${value.length}" type="Measurement"></Resource>`.replace(
      /( SHA384:Hash0="\w+")(.*?type="Measurement")/,
      '$2$1',
    )
  })
  const open = '<SoftwareIdentity xmlns="http://standards.iso.org/iso/19770/-2/2015/schema.xsd">'
  const body = `<Meta colloquialVersion="${version}" product="Ours"></Meta><Payload>${resources.join('')}</Payload>`
  const close = '</SoftwareIdentity>'
  const digest = createHash('sha384').update(`${open}${body}${close}`).digest('base64')
  const algorithm = (name: string, value: string) => `<${name} Algorithm="${value}"></${name}>`
  const inside = [
    algorithm('CanonicalizationMethod', C14N),
    algorithm('SignatureMethod', 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384'),
    '<Reference URI="">',
    `<Transforms>${algorithm('Transform', `${DSIG}enveloped-signature`)}${algorithm('Transform', C14N)}</Transforms>`,
    algorithm('DigestMethod', 'http://www.w3.org/2001/04/xmldsig-more#sha384'),
    `<DigestValue>${digest}</DigestValue></Reference></SignedInfo>`,
  ].join('')
  const signed = Buffer.from(`<SignedInfo xmlns="${DSIG}">${inside}`)
  const signature = Buffer.from(Authority.signRaw(signer.key, signed)).toString('base64')
  const chain = [signer, root]
    .map(({ der }) => `<X509Certificate>${Buffer.from(der).toString('base64')}</X509Certificate>`)
    .join('')
  const envelope = `<Signature xmlns="${DSIG}"><SignedInfo>${inside}<SignatureValue>${signature}</SignatureValue><KeyInfo><X509Data>${chain}</X509Data></KeyInfo></Signature>`
  return { chain: [signer, root], root: Authority.pin(root), text: `${open}${body}${envelope}${close}` }
}
