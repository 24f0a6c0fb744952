import { Attestation, ComputeError } from '@jejunetwork/sdk'
import type { PublicClient } from 'viem'
import type { Log } from '../../log.ts'
import { readKept, writeWhole } from './cache.ts'
import type { Shown } from './collect.ts'
import type { Rows } from './rows.ts'

/** Whom to ask for AMD's certificates, and whose word on them is taken. */
export type KeyService = {
  /** Where what it gave is kept. */
  folder: string
  /** AMD's own where undefined. */
  url: string | undefined
  /** SHA-256 of AMD's root keys; AMD's own where undefined. */
  roots: typeof Attestation.Roots.AMD_ROOTS | undefined
  patienceMs?: number
  pause: Pause
}

/** After a failure the next try waits, twice as long after each, and what failed stays what is said. */
export type Pause = {
  error?: NoCertificatesError
  until: number
  ms: number
  firstMs: number
  longestMs: number
}

type Options = { keys: KeyService; log: Log; signal: AbortSignal }

/**
 * Shows with a SEV-SNP report the certificates that verify it, where the host gave none or not those of now: kept ones, else
 * AMD's. What is shown stays as it is when this fails.
 */
export async function certify(options: Options & { client: PublicClient; rows: Rows }): Promise<void> {
  const { client, rows } = options
  for (const slot of ['shown', 'next'] as const) {
    const kept = rows.read(slot)
    if (kept?.evidence.tee !== 'sev-snp') continue
    const { timestamp: at } = await client.getBlock()
    const certificates = await certificatesOf(kept.evidence, { ...options, at })
    if (certificates === kept.evidence.certificates) continue
    const evidence = { ...kept.evidence, certificates }
    if (slot === 'next') rows.put(evidence)
    else rows.rate({ ...kept, evidence })
  }
}

/** The host's certificates where they verify the report, else those that do, in the same form. Or `NoCertificatesError`. */
export async function certificatesOf(
  evidence: Pick<Shown, 'certificates' | 'report'>,
  options: Options & { at: bigint },
): Promise<Uint8Array> {
  const { folder } = options.keys
  const { certificates: host = new Uint8Array(), report } = evidence
  if ((await refusal(report, { ...options, table: host })) === undefined) return host
  const { chipId, reportedTcb, signingKey } = Attestation.Snp.read(report)
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
  const name = `${signingKey}-${hex(chipId)}-${hex(reportedTcb)}`
  const cached = await readKept(folder, name)
  if (cached && (await refusal(report, { ...options, table: cached })) === undefined) return cached

  const fetched = await patiently(options.keys.pause, () => fetchFor(report, { ...options, host }))
  await writeWhole(folder, name, fetched)
  options.log.info("AMD's certificates fetched", { url: options.keys.url ?? Attestation.Kds.AMD_KDS })
  return fetched
}

/** A report shows without certificates, so renters cannot verify it; the sentences say why and what helps. */
export class NoCertificatesError extends ComputeError {
  override readonly name = 'NoCertificatesError'
  override readonly retryable = true

  constructor(why: string, options?: ErrorOptions) {
    super(
      `${why} Until AMD's certificates are here, this machine's report is shown without any that verify it; the node asks again. If the service cannot be reached from here, name a mirror of it in JEJU_KDS_URL, or have the host give the certificates along.`,
      options,
    )
  }
}

type Fetching = Options & { at: bigint; host: Uint8Array }

/** Reports before version 3 name no processor, so each product that has such chip ids is asked for. */
async function fetchFor(report: Uint8Array, options: Fetching): Promise<Uint8Array> {
  const { host, keys, signal } = options
  const { patienceMs, url } = keys
  const read = Attestation.Snp.read(report)
  let failure = new NoCertificatesError("The report's processor is none of Milan, Genoa or Turin.")
  for (const product of Attestation.Snp.productsOf(read)) {
    try {
      const found = await Attestation.Kds.fetchCertificates(read, { host, patienceMs, product, signal, url })
      const table = Attestation.Snp.tableOf(found, read.signingKey)
      const refused = await refusal(report, { ...options, table })
      if (refused === undefined) return table
      const from = url ?? Attestation.Kds.AMD_KDS
      failure = new NoCertificatesError(
        `What AMD's key service at ${from} gave does not verify this machine's report: ${refused}`,
      )
    } catch (cause) {
      failure = unavailable(cause)
      // Another product's chips it does not find; whoever asks too often makes it worse by asking on.
      if (!isNotFound(cause)) throw failure
    }
  }
  throw failure
}

function unavailable(cause: unknown): NoCertificatesError {
  const isKnown =
    cause instanceof Attestation.RefusedError || cause instanceof Attestation.Kds.CollateralUnavailableError
  if (!isKnown) throw cause
  return new NoCertificatesError(cause.message, { cause })
}

function isNotFound(cause: unknown): boolean {
  const { status } = cause instanceof Attestation.Kds.CollateralUnavailableError ? cause : {}
  return status === 400 || status === 404
}

async function patiently<T>(pause: Pause, work: () => Promise<T>): Promise<T> {
  if (pause.error && Date.now() < pause.until) throw pause.error
  try {
    const result = await work()
    Object.assign(pause, { error: undefined, ms: 0 })
    return result
  } catch (error) {
    if (!(error instanceof NoCertificatesError)) throw error
    const ms = Math.min(2 * pause.ms || pause.firstMs, pause.longestMs)
    Object.assign(pause, { error, ms, until: Date.now() + ms })
    throw error
  }
}

/** Said of what the guest is, once its certificates were found good: no others would mend it. */
const OF_THE_GUEST: readonly string[] = ['SNP_DEBUG', 'SNP_FORM', 'SNP_MIGRATION']

type Judging = { at: bigint; keys: KeyService; table: Uint8Array }

/** Why a table of certificates is not the one of a report, in one sentence; undefined where it is. */
async function refusal(report: Uint8Array, { at, keys, table }: Judging): Promise<string | undefined> {
  try {
    const { roots } = keys
    const given = Attestation.Snp.certificatesIn(table)
    const verdict = await Attestation.Snp.verify(report, { ...given, at, ...(roots ? { roots } : {}) })
    return verdict.ok || OF_THE_GUEST.includes(verdict.refusal.code) ? undefined : verdict.refusal.message
  } catch (error) {
    if (error instanceof Attestation.RefusedError) return error.message
    throw error
  }
}
