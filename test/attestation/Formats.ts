import { Attestation } from '@jejunetwork/sdk'
import { below, mutateByte, mutateStructure, type Random } from './mutate.ts'
import { gpuOf, quoteOf, reportOf, seconds, text, tokenOf, vector } from './Vectors.ts'

type Parts = Readonly<Record<string, Uint8Array>>
type Verdict = Attestation.Verdict<unknown>

/** Evidence in parts, each of which must not change, and how to verify it. */
export type Format = {
  name: string
  parts: Parts
  /** The part whose every byte is signed or a signature, and how many bytes of it. */
  core: readonly [name: string, length: number]
  verify(parts: Parts): Promise<Verdict>
}

export function formats(): readonly Format[] {
  return [
    dcap('SGX v3', 'sgx/v3-phala'),
    dcap('TDX v4', 'tdx/v4-phala-uptodate'),
    dcap('TDX v5', 'tdx/v5-automata-alibaba'),
    snp('SEV-SNP with VCEK', 'sevsnp/trustee-vcek'),
    snp('SEV-SNP with VLEK', 'sevsnp/trustee-vlek'),
    gpu('Hopper SPDM', 'nvidia/hopper-sdk'),
    gpu('Blackwell SPDM', 'nvidia/blackwell'),
    gpu('NVSwitch SPDM', 'nvidia/switch-ls10'),
    nras(),
    rim(),
  ]
}

export type Tally = { mutations: number; refused: number; same: number; codes: Map<string, number> }

/**
 * Verifies `count` mutations of a format. Throws at the first that is accepted and is not the same evidence
 * in another spelling (white space around base64 and JSON), and at the first error that is no refusal.
 */
export async function attack(format: Format, options: attack.Options): Promise<Tally> {
  const { count, random } = options
  const original = await format.verify(format.parts)
  if (!original.ok) throw new Error(`${format.name} is refused unchanged: ${original.refusal.message}`)
  const names = Object.keys(format.parts)
  const tally: Tally = { codes: new Map(), mutations: 0, refused: 0, same: 0 }
  while (tally.mutations < count) {
    const name = names[below(random, names.length)] ?? ''
    const before = format.parts[name] ?? new Uint8Array()
    const after = random() < 0.8 ? mutateByte(before, random) : mutateStructure(before, random)
    if (Buffer.compare(before, after) === 0) continue
    tally.mutations++
    const verdict = await format.verify({ ...format.parts, [name]: after })
    if (!verdict.ok) {
      tally.refused++
      tally.codes.set(verdict.refusal.code, (tally.codes.get(verdict.refusal.code) ?? 0) + 1)
    } else if (spelled(before) === spelled(after)) tally.same++
    else throw new Error(`${format.name}: a mutation of ${name} was accepted: ${difference(before, after)}`)
  }
  return tally
}

export declare namespace attack {
  type Options = { count: number; random: Random }
}

/** Changes each byte of a format's core in turn, and answers how many there were. */
export async function everyByte({
  core: [name, length],
  name: format,
  parts,
  verify,
}: Format): Promise<number> {
  const before = parts[name] ?? new Uint8Array()
  for (let at = 0; at < length; at++) {
    const after = new Uint8Array(before)
    after[at] = (after[at] ?? 0) ^ (1 + (at % 255))
    const verdict = await verify({ ...parts, [name]: after })
    if (verdict.ok && spelled(before) !== spelled(after))
      throw new Error(`${format}: ${name} was accepted with byte ${at} changed.`)
  }
  return length
}

function dcap(name: string, id: string): Format {
  const of = vector(id)
  const { collateral, quote } = quoteOf(of)
  const { qeIdentity, qeIdentityIssuerChain, tcbInfo, tcbInfoIssuerChain, ...binary } = collateral
  const serviceTds = id.includes('v5') ? [quote.slice(654, 702)] : []
  const texts = { qeIdentity, qeIdentityIssuerChain, tcbInfo, tcbInfoIssuerChain }
  const encoded = Object.entries(texts).map(
    ([key, value]) => [key, new Uint8Array(Buffer.from(value, 'latin1'))] as const,
  )
  return {
    // Header, body, signature, attestation key, QE report with its signature and authentication data.
    core: ['quote', Buffer.from(quote).indexOf('-----BEGIN')],
    name,
    parts: { quote, quoteAgain: quote, ...binary, ...Object.fromEntries(encoded) },
    verify: ({ quote: one, quoteAgain: two, ...parts }) => {
      const latin = (key: keyof typeof texts): string => Buffer.from(parts[key] ?? []).toString('latin1')
      const changed: Attestation.Collateral.Collateral = {
        pckCrl: parts['pckCrl'] ?? new Uint8Array(),
        qeIdentity: latin('qeIdentity'),
        qeIdentityIssuerChain: latin('qeIdentityIssuerChain'),
        qeIdentitySignature: parts['qeIdentitySignature'] ?? new Uint8Array(),
        rootCaCrl: parts['rootCaCrl'] ?? new Uint8Array(),
        tcbInfo: latin('tcbInfo'),
        tcbInfoIssuerChain: latin('tcbInfoIssuerChain'),
        tcbInfoSignature: parts['tcbInfoSignature'] ?? new Uint8Array(),
      }
      // The quote stands twice among the parts, so that it is changed twice as often.
      const attacked = one === quote ? two : one
      return Attestation.Dcap.verify(attacked ?? quote, {
        at: seconds(of.verifyAt),
        collateral: changed,
        serviceTds,
      })
    },
  }
}

function snp(name: string, id: string): Format {
  const of = vector(id)
  const { chain, report, vek } = reportOf(of)
  return {
    core: ['report', report.length],
    name,
    parts: { chain, report, vek },
    verify: (parts) =>
      Attestation.Snp.verify(parts['report'] ?? report, {
        at: seconds(of.verifyAt),
        chain: parts['chain'] ?? chain,
        vek: parts['vek'] ?? vek,
      }),
  }
}

function gpu(name: string, id: string): Format {
  const of = vector(id)
  const { chain, nonce, report } = gpuOf(of)
  const pem = typeof chain === 'string' ? new Uint8Array(Buffer.from(chain)) : chain
  return {
    core: ['report', report.length],
    name,
    parts: { chain: pem, report },
    verify: (parts) =>
      Attestation.Nvidia.verify(
        { chain: parts['chain'] ?? pem, report: parts['report'] ?? report },
        { at: seconds(of.verifyAt), nonce },
      ),
  }
}

function nras(): Format {
  const of = vector('nvidia/nras-v3')
  const { eat, ...options } = tokenOf(of)
  return {
    core: ['eat', eat.trimEnd().length],
    name: 'NRAS EAT',
    parts: { eat: new Uint8Array(Buffer.from(eat)) },
    verify: ({ eat: changed }) =>
      Attestation.Nras.verify(Buffer.from(changed ?? []).toString('latin1'), {
        ...options,
        at: seconds(of.verifyAt),
      }),
  }
}

function rim(): Format {
  const xml = text('nvidia/rim/1010_0200_882_96005E0001_PROD.swidtag')
  return {
    core: ['xml', xml.indexOf('<ds:Signature ')],
    name: 'RIM',
    parts: { xml: new Uint8Array(Buffer.from(xml)) },
    verify: ({ xml: changed }) =>
      Attestation.Rim.verify(Buffer.from(changed ?? []).toString('latin1'), {
        at: seconds('2025-01-01T00:00:00Z'),
      }),
  }
}

/** The same for two spellings of the same: without white space and padding, in PEM, JSON lists and XML. */
function spelled(bytes: Uint8Array): string {
  const latin = Buffer.from(bytes).toString('latin1')
  const from = latin.search(/-----BEGIN|^[[<]/)
  return from < 0 ? latin : latin.slice(0, from) + latin.slice(from).replaceAll(/[\s\0]+/g, '')
}

function difference(before: Uint8Array, after: Uint8Array): string {
  const at = before.findIndex((byte, index) => byte !== after[index])
  const shown = (bytes: Uint8Array): string =>
    JSON.stringify(Buffer.from(bytes.subarray(at, at + 24)).toString('latin1'))
  return `at ${at}, ${shown(before)} became ${shown(after)}`
}
