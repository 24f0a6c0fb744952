import { Attestation } from '@jejunetwork/sdk'
import { evidence, gpu as gpuOfOurs } from './Gpu.ts'
import { below, mutateByte, mutateStructure, type Random } from './mutate.ts'
import { requestFor, respond } from './Ocsp.ts'
import { gpuOf, quoteOf, reportOf, seconds, text, tokenOf, vector } from './Vectors.ts'

type Parts = Readonly<Record<string, Uint8Array>>
type Verdict = Attestation.Verdict<unknown>

/** Evidence in parts, each of which must not change, and how to verify it. */
export type Format = {
  name: string
  /** Another device or key of a format that stands here already. */
  isVariant?: boolean
  parts: Parts
  /** The part whose every byte is signed or a signature, and how many bytes of it. */
  core: readonly [name: string, length: number]
  verify(parts: Parts): Promise<Verdict>
}

export function formats(): readonly Format[] {
  return [
    dcap('SGX v3', 'sgx/v3-phala', ['quote']),
    dcap('TDX v4', 'tdx/v4-phala-uptodate', ['quote']),
    dcap('TDX v5', 'tdx/v5-automata-alibaba', ['quote']),
    pck(),
    dcap('CRL', 'tdx/v4-phala-uptodate', ['pckCrl', 'rootCaCrl']),
    dcap('TCB info', 'tdx/v4-phala-uptodate', ['tcbInfo', 'tcbInfoSignature', 'tcbInfoIssuerChain']),
    dcap('QE identity', 'sgx/v3-phala', ['qeIdentity', 'qeIdentitySignature', 'qeIdentityIssuerChain']),
    snp('SEV-SNP with VCEK', 'sevsnp/trustee-vcek'),
    { ...snp('SEV-SNP with VLEK', 'sevsnp/trustee-vlek'), isVariant: true },
    gpu('Hopper SPDM', 'nvidia/hopper-sdk'),
    { ...gpu('Blackwell SPDM', 'nvidia/blackwell'), isVariant: true },
    { ...gpu('NVSwitch SPDM', 'nvidia/switch-ls10'), isVariant: true },
    nras(),
    rim(),
    ocsp(),
  ]
}

export type Tally = {
  mutations: number
  refused: number
  same: number
  codes: Map<string, number>
  /** Of the slowest, in milliseconds of processor time. */
  slowest: number
}

/**
 * Verifies `count` mutations of a format. Throws at the first that is accepted and is not the same evidence
 * in another spelling (white space around base64 and JSON), and at the first error that is no refusal.
 */
export async function attack(format: Format, options: attack.Options): Promise<Tally> {
  const { count, random } = options
  const original = await format.verify(format.parts)
  if (!original.ok) throw new Error(`${format.name} is refused unchanged: ${original.refusal.message}`)
  const names = Object.keys(format.parts)
  const tally: Tally = { codes: new Map(), mutations: 0, refused: 0, same: 0, slowest: 0 }
  while (tally.mutations < count) {
    const name = names[below(random, names.length)] ?? ''
    const before = format.parts[name] ?? new Uint8Array()
    const after = random() < 0.8 ? mutateByte(before, random) : mutateStructure(before, random)
    if (Buffer.compare(before, after) === 0) continue
    tally.mutations++
    const started = process.cpuUsage()
    const verdict = await format.verify({ ...format.parts, [name]: after })
    const { system, user } = process.cpuUsage(started)
    tally.slowest = Math.max(tally.slowest, (system + user) / 1000)
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

type Part = 'quote' | keyof Attestation.Collateral.Collateral

/** A quote with its collateral, of which only some parts are attacked. */
function dcap(name: string, id: string, attacked: readonly Part[]): Format {
  const of = vector(id)
  const { collateral, quote } = quoteOf(of)
  const serviceTds = id.includes('v5') ? [quote.slice(654, 702)] : []
  const whole: Record<Part, Uint8Array | string> = { quote, ...collateral }
  const bytesOf = (part: Part): Uint8Array => {
    const value = whole[part]
    return typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'latin1')) : value
  }
  const [first = 'quote'] = attacked
  // Header, body, signature, attestation key, QE report with its signature and authentication data; else all of it.
  const length = first === 'quote' ? Buffer.from(quote).indexOf('-----BEGIN') : bytesOf(first).length
  return {
    core: [first, length],
    name,
    parts: Object.fromEntries(attacked.map((part) => [part, bytesOf(part)])),
    verify: ({ quote: changed = quote, ...parts }) => {
      const form = (part: string, value: Uint8Array) =>
        typeof whole[part as Part] === 'string' ? Buffer.from(value).toString('latin1') : value
      const others = Object.entries(parts).map(([part, value]) => [part, form(part, value)])
      const served = { ...collateral, ...Object.fromEntries(others) }
      return Attestation.Dcap.verify(changed, { at: seconds(of.verifyAt), collateral: served, serviceTds })
    },
  }
}

/** The PCK certificate inside a quote, changed before it is written as PEM. */
function pck(): Format {
  const of = vector('tdx/v4-phala-uptodate')
  const { collateral, quote } = quoteOf(of)
  const der = Attestation.Submission.submission(quote).certificate
  const from = Buffer.from(quote).indexOf('-----BEGIN')
  const rest = Buffer.from(quote).indexOf('-----BEGIN', from + 1)
  const lengthAt = from - 4
  const innerAt = 764 + 2
  return {
    core: ['certificate', der.length],
    name: 'PCK certificate',
    parts: { certificate: der },
    verify: ({ certificate = der }) => {
      const base64 = Buffer.from(certificate).toString('base64')
      const pem = Buffer.from(`-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`)
      const changed = Buffer.concat([quote.subarray(0, from), pem, quote.subarray(rest)])
      // The chain's length, that of what holds it, and that of all after the body.
      const grown = pem.length - (rest - from)
      for (const at of [lengthAt, innerAt, 632]) changed.writeUInt32LE(changed.readUInt32LE(at) + grown, at)
      return Attestation.Dcap.verify(new Uint8Array(changed), { at: seconds(of.verifyAt), collateral })
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

/** No real response is at hand: OpenSSL's, on a chain of ours in the form of NVIDIA's. */
function ocsp(): Format {
  const device = gpuOfOurs()
  const { chain, roots } = device
  const [, first, issuer] = chain
  if (!first || !issuer) throw new Error('The chain is too short.')
  const nonce = new Uint8Array(32)
  const report = evidence(device, nonce)
  const response = respond(requestFor(first, issuer), { chain })
  const others = new Map<string, Uint8Array>()
  const at = BigInt(Math.floor(Date.now() / 1000))
  return {
    core: ['response', response.length],
    name: 'OCSP response',
    parts: { response },
    verify: ({ response: changed = response }) => {
      const ask = async (request: Uint8Array) => {
        if (Buffer.from(request).includes(Buffer.from(first.serial))) return changed
        const name = Buffer.from(request).toString('hex')
        const answer = others.get(name) ?? respond(request, { chain })
        others.set(name, answer)
        return answer
      }
      return Attestation.Nvidia.verify(report, { at, nonce, ocsp: ask, roots })
    },
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
