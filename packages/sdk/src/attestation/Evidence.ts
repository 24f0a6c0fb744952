import { type Address, bytesToHex, type Hex, maxUint256 } from 'viem'
import { ComputeError } from '../Errors.ts'
import { readJson } from '../readJson.ts'
import { urlUnder } from '../urlUnder.ts'
import type { Binding } from './Binding.ts'
import { type Bytes, base64, fromBase64, fromHex, hex } from './Bytes.ts'
import * as Collateral from './Collateral.ts'
import { type Field, of, parse } from './Json.ts'
import type { Evidence as Gpu } from './Nvidia.ts'
import { inOneLine, refuse } from './Refusal.ts'

/** What a node shows of its machine at `GET /v1/attestation`. None of it is true because it stands there. */
export type Evidence =
  | {
      tee: 'none'
      /** Why there is nothing to show, in one sentence. */
      reason: string
      ssh?: Gateway
    }
  | {
      tee: 'sev-snp' | 'sgx' | 'tdx'
      binding: Binding
      /** An SGX or TDX quote, or a SEV-SNP report. */
      report: Uint8Array
      /** What verifies an SGX or TDX quote. */
      collateral?: Collateral.Collateral
      /** SEV-SNP: the certificates that the host had, as the kernel gives them. */
      certificates?: Uint8Array
      gpus: readonly Gpu[]
      ssh?: Gateway
    }

/** Evidence of a TEE. */
export type Shown = Exclude<Evidence, { tee: 'none' }>

/** Where machines are logged in to; the key as in `known_hosts`. */
export type Gateway = { host: string; port: number; hostKey: string }

const PATIENCE_MS = 20_000
const SUBJECT = 'evidence'
/** As many as a verdict on GPUs names. */
const MOST_GPUS = 32
const TEES = ['sev-snp', 'sgx', 'tdx'] as const

/** Evidence as a node shows it. `fromJson` reads it. */
export function toJson(evidence: Evidence): string {
  const { ssh } = evidence
  if (evidence.tee === 'none')
    return JSON.stringify({ reason: evidence.reason, ssh, tee: 'none', version: 1 })
  const { binding, certificates, collateral, gpus, report, tee } = evidence
  return JSON.stringify({
    binding: {
      ...binding,
      agentId: binding.agentId.toString(),
      blockNumber: binding.blockNumber.toString(),
      chainId: binding.chainId.toString(),
    },
    ...(certificates ? { certificates: bytesToHex(certificates) } : {}),
    ...(collateral ? { collateral: Collateral.toFields(collateral) } : {}),
    gpus: gpus.map(({ chain, report: device }) => ({
      certificate: base64(typeof chain === 'string' ? new TextEncoder().encode(chain) : chain),
      evidence: base64(device),
    })),
    report: bytesToHex(report),
    ssh,
    tee,
    version: 1,
  })
}

/** What a provider shows of its machine, from its endpoint as the registry has it; with `next`, what waits for a verdict. */
export async function fetchFrom(
  endpoint: string,
  { next = false, signal }: fetchFrom.Options = {},
): Promise<Evidence> {
  // A stranger's endpoint chooses no path and no query on anybody's behalf.
  if (/[?#@]/.test(endpoint))
    throw new EvidenceUnavailableError({ endpoint, why: 'is at no plain URL, so it gives nothing' })
  const limit = AbortSignal.timeout(PATIENCE_MS)
  let answer: Response
  try {
    answer = await fetch(urlUnder(endpoint, `/v1/attestation${next ? '/next' : ''}`), {
      redirect: 'error',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    })
  } catch (cause) {
    signal?.throwIfAborted()
    throw new EvidenceUnavailableError({ cause, endpoint, why: 'does not answer' })
  }
  if (!answer.ok) throw new EvidenceUnavailableError({ endpoint, why: `answers ${answer.status}` })
  return evidenceIn(of((await readJson(answer)) ?? null, SUBJECT))
}

export declare namespace fetchFrom {
  type Options = { next?: boolean; signal?: AbortSignal | undefined }
}

/** The provider does not show its evidence now. */
export class EvidenceUnavailableError extends ComputeError {
  override readonly name = 'EvidenceUnavailableError'
  override readonly retryable = true

  constructor({ cause, endpoint, why }: { endpoint: string; why: string; cause?: unknown }) {
    super(`The provider at ${endpoint} ${why} when asked for its attestation.`, { cause })
  }
}

/** Reads what `toJson` writes; a stranger's text is refused where it is not of that form. */
export function fromJson(text: string): Evidence {
  return evidenceIn(parse(text, SUBJECT))
}

function evidenceIn(fields: Field): Evidence {
  const version = fields.at('version').count()
  if (version !== 1) refuse('JSON', "the evidence's version", { bound: 1, value: version })
  const name = fields.at('tee').text()
  const gateway = fields.optional('ssh')
  const ssh = gateway ? { ssh: gatewayOf(gateway) } : {}
  if (name === 'none') {
    const reason = inOneLine(fields.at('reason').text().slice(0, 300))
    return { reason, ...ssh, tee: 'none' }
  }
  const tee = TEES.find((known) => known === name)
  if (!tee) return refuse('JSON', "the evidence's TEE", { bound: `none, ${TEES.join(', ')}`, value: name })
  const certificates = fields.optional('certificates')
  const collateral = fields.optional('collateral')
  return {
    binding: bindingOf(fields.at('binding')),
    ...(certificates ? { certificates: binary(certificates, 'certificates') } : {}),
    ...(collateral ? { collateral: Collateral.fromFields(collateral) } : {}),
    gpus: gpusOf(fields.at('gpus')),
    report: binary(fields.at('report'), 'report'),
    ...ssh,
    tee,
  }
}

function gpusOf(field: Field): readonly Gpu[] {
  const list = field.list()
  if (list.length > MOST_GPUS)
    refuse('GPU_DEVICES', 'the number of devices', { bound: `at most ${MOST_GPUS}`, value: list.length })
  return list.map((gpu) => ({
    chain: fromBase64(gpu.at('certificate').text(), { subject: 'GPU certificate chain' }),
    report: fromBase64(gpu.at('evidence').text(), { subject: 'GPU report' }),
  }))
}

function gatewayOf(fields: Field): Gateway {
  const ssh = {
    host: fields.at('host').text(),
    hostKey: fields.at('hostKey').text(),
    port: fields.at('port').count(),
  }
  const bound = 'a host, a port and a host key'
  return isGateway(ssh) ? ssh : refuse('JSON', "the evidence's SSH gateway", { bound, value: 'another form' })
}

/**
 * Whether a stranger's word names a place to log in to. Warning: it becomes arguments of programs and lines of files that they
 * trust, so only plain text passes.
 */
export function isGateway(value: unknown): value is Gateway {
  if (typeof value !== 'object' || value === null) return false
  const { host, hostKey, port } = value as Record<string, unknown>
  const isPort = Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536
  const isHost = typeof host === 'string' && /^[\w.:[\]][\w.:[\]-]{0,255}$/.test(host)
  return isPort && isHost && typeof hostKey === 'string' && /^[\w@.-]+ [A-Za-z0-9+/=]+$/.test(hostKey)
}

/** Reads a binding out of JSON. Throws a `RefusedError`. */
export function bindingOf(fields: Field): Binding {
  const word = (key: string): Hex => `0x${hex(binary(fields.at(key), key, 32))}`
  const address = (key: string): Address => `0x${hex(binary(fields.at(key), key, 20))}`
  const number = (key: string): bigint => {
    const digits = fields.at(key).text()
    const value = /^\d{1,78}$/.test(digits) ? BigInt(digits) : maxUint256 + 1n
    return value <= maxUint256
      ? value
      : refuse('JSON', `the binding's ${key}`, { bound: 'digits of a uint256', value: digits.slice(0, 100) })
  }
  return {
    agentId: number('agentId'),
    blockHash: word('blockHash'),
    blockNumber: number('blockNumber'),
    chainId: number('chainId'),
    gpuEvidenceHash: word('gpuEvidenceHash'),
    provider: address('provider'),
    registry: address('registry'),
    sshHostKeyHash: word('sshHostKeyHash'),
    tlsSpkiHash: word('tlsSpkiHash'),
  }
}

function binary(field: Field, subject: string, length?: number): Bytes {
  return fromHex(field.text(), {
    subject: `evidence.${subject}`,
    ...(length === undefined ? {} : { length }),
  })
}
