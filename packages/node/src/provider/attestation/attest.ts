import { Attestation, AttestationRegistryAbi as abi, ComputeError, type Deployment } from '@jejunetwork/sdk'
import { type Address, bytesToHex, keccak256, type PublicClient, stringToHex } from 'viem'
import type { Log } from '../../log.ts'
import type { Sender } from '../../send.ts'
import { bring } from './bring.ts'
import { collect, type Ground, isOf, type Shown } from './collect.ts'
import type { Kept, Rows } from './rows.ts'

/** Evidence is renewed so long before it ends, if that makes it end later by more than `GAIN`. */
const RENEW_BEFORE = 2n * 86_400n
const GAIN = 6n * 3_600n
/** Evidence on its way is made anew once its block is so old; the chain takes 8,191 where it keeps history, else 256. */
const TOO_OLD = 128n
/** A report that no verdict names is shown for so many blocks. */
const SHOWN_BLOCKS = 1_000n

export type Desk = {
  client: PublicClient
  /** When collateral was last asked for, and how long that will do. */
  collateral: { askedAt: number; everyMs: number }
  deployment: Deployment
  ground: Ground
  log: Log
  nvattest: string
  pccsUrl: string | undefined
  providerId: bigint
  rows: Rows
  sender: Sender
  signal: AbortSignal
  tsm: string
}

/**
 * Brings the chain in line with this machine: attests where nothing is on chain, renews before it ends, and has it rated
 * again when collateral changed. Every step may happen twice; nothing is taken back when one fails.
 */
export async function attest(desk: Desk): Promise<void> {
  const { client, deployment, providerId, rows } = desk
  const level = await Attestation.levelOf(client, { deployment, providerId })
  const shown = current(desk, level)
  const isDue = shown?.evidence.tee === 'sev-snp' ? isReportDue : refresh
  if (shown && !(await isDue(desk, { level, shown }))) return

  const next = await onItsWay(desk)
  if (next.tee === 'sev-snp') rows.arrive({ evidence: next, rated: '' })
  else await submit(desk, next)
}

/**
 * A SEV-SNP report waits for a quorum's verdict, which its operator brings on chain. It is shown until it is too old for
 * that, and the one that a verdict names as long as that counts; meanwhile the next is made ready for the next verdict.
 */
async function isReportDue(desk: Desk, { level, shown }: Standing): Promise<boolean> {
  const { client, rows } = desk
  const { number, timestamp: now } = await client.getBlock()
  if (level.level === 1) {
    const next = rows.read('next')
    if (next && (await isNamed(desk, next.evidence))) {
      rows.arrive(next)
      return false
    }
    if (await isNamed(desk, shown.evidence)) {
      if (level.expiry - now <= RENEW_BEFORE) await onItsWay(desk)
      return false
    }
  }
  return number - shown.evidence.binding.blockNumber >= SHOWN_BLOCKS
}

async function isNamed({ client, ground, providerId }: Desk, { binding }: Shown): Promise<boolean> {
  const { reportData } = await client.readContract({
    abi,
    address: ground.registry,
    args: [providerId, false],
    functionName: 'verdictOf',
  })
  return reportData === bytesToHex(Attestation.Binding.reportData(binding).subarray(0, 32))
}

/** The evidence that the chain has and that is still of this node. */
function current({ ground, rows }: Desk, { kept: onChain }: Attestation.Level): Kept | undefined {
  const next = rows.read('next')
  if (next && isOnChain(next.evidence, onChain)) rows.arrive(next)
  const shown = rows.read('shown')
  if (!shown || !isOf(shown.evidence, ground)) return undefined
  return shown.evidence.tee === 'sev-snp' || isOnChain(shown.evidence, onChain) ? shown : undefined
}

function isOnChain({ report, tee }: Shown, { evidence, level }: Attestation.Level['kept']): boolean {
  if (level === 0 || tee === 'sev-snp') return false
  const hash = Attestation.Submission.evidenceHash(Attestation.Submission.submission(report))
  return hash.startsWith(evidence)
}

type Standing = { level: Attestation.Level; shown: Kept }

/** Keeps collateral and rating of what is on chain up to date. Answers whether new evidence is due. */
async function refresh(desk: Desk, { level, shown }: Standing): Promise<boolean> {
  const { client, rows } = desk
  const { evidence } = shown
  const submission = Attestation.Submission.submission(evidence.report)
  const { timestamp: now } = await client.getBlock()
  const { evaluation, expiry } = level.kept
  const ends = level.level === 0 || expiry - now <= RENEW_BEFORE
  const { askedAt, everyMs } = desk.collateral
  const isOld = evidence.collateral === undefined || Date.now() - askedAt >= everyMs
  const collateral = ends || isOld ? await fetchNow(desk, submission) : evidence.collateral
  const address = await pccsOf(desk)
  const rated = digest(await Attestation.Pccs.stateOf(client, { address, evaluation, submission }))
  if (rated !== shown.rated) {
    // Without a note of how it was rated, it came on chain just before a crash.
    if (shown.rated !== '') await rateAgain(desk, { evaluation, submission })
    rows.rate({ evidence: { ...evidence, ...(collateral ? { collateral } : {}) }, rated })
  }
  if (!ends || !collateral) return false
  const verdict = await verified(desk, { at: now, collateral, evidence })
  return verdict.ok && Attestation.expiry(verdict.claims.window, now) > expiry + GAIN
}

async function rateAgain(
  { ground, log, providerId, sender }: Desk,
  { evaluation, submission }: { evaluation: number; submission: Attestation.Submission.Submission },
): Promise<void> {
  const { pck, quote, signatures } = submission
  const args = [providerId, quote, signatures, pck, evaluation]
  await sender.write({ abi, address: ground.registry, args, functionName: 'reevaluate' })
  log.info('attestation rated again', { providerId })
}

async function fetchNow(desk: Desk, submission: Attestation.Submission.Submission) {
  const collateral = await bring(submission, { ...desk, pccs: await pccsOf(desk), url: desk.pccsUrl })
  desk.collateral.askedAt = Date.now()
  return collateral
}

/** Evidence made before and not sent yet, or new evidence. */
async function onItsWay(desk: Desk): Promise<Shown> {
  const { client, ground, rows } = desk
  const next = rows.read('next')?.evidence
  const head = await client.getBlockNumber({ cacheTime: 0 })
  if (next && isOf(next, ground) && head - next.binding.blockNumber < TOO_OLD) return next
  const made = await collect(ground, desk)
  rows.put(made)
  return made
}

async function submit(desk: Desk, evidence: Shown): Promise<void> {
  const { client, ground, log, providerId, rows, sender } = desk
  const submission = Attestation.Submission.submission(evidence.report)
  const address = await pccsOf(desk)
  const collateral = await fetchNow(desk, submission)
  const { timestamp: at } = await client.getBlock()
  const verdict = await verified(desk, { at, collateral, evidence })
  if (!verdict.ok) throw new OwnEvidenceError(verdict.refusal.message)

  const { evaluation, status } = verdict.claims
  const { pck, quote, signatures } = submission
  const { agentId, blockNumber, gpuEvidenceHash, sshHostKeyHash, tlsSpkiHash } = evidence.binding
  const binding = { agentId, blockNumber, gpuEvidenceHash, sshHostKeyHash, tlsSpkiHash }
  const args = [providerId, quote, signatures, pck, evaluation, binding]
  await sender.write({ abi, address: ground.registry, args, functionName: 'attest' })
  const state = await Attestation.Pccs.stateOf(client, { address, evaluation, submission })
  rows.arrive({ evidence: { ...evidence, collateral }, rated: digest(state) })
  log.info('machine attested', { evaluation, providerId, status, tee: evidence.tee })
}

/** This machine's own evidence would be refused, so it is not sent. */
export class OwnEvidenceError extends ComputeError {
  override readonly name = 'OwnEvidenceError'

  constructor(why: string) {
    super(`This machine's evidence is not good enough to be attested. ${why}`)
  }
}

type Judged = { at: bigint; collateral: Attestation.Collateral.Collateral; evidence: Shown }

/** By the root that the chain's contract is pinned to: it decides, this only saves the fee. */
async function verified(desk: Desk, { at, collateral, evidence: { report } }: Judged) {
  const address = await pccsOf(desk)
  const pinned = await Attestation.Pccs.rootOf(desk.client, { address })
  const root = await Attestation.Submission.rootOf(report)
  const roots = root.key === pinned ? [root.pin] : [Attestation.Roots.INTEL_ROOT]
  return Attestation.Dcap.verify(report, { at, collateral, roots })
}

function pccsOf({ client, ground }: Desk): Promise<Address> {
  return client.readContract({ abi, address: ground.registry, functionName: 'pccs' })
}

function digest(state: Attestation.Pccs.State): string {
  return keccak256(
    stringToHex(
      Object.values(state)
        .flatMap(({ from }) => [from])
        .join(' '),
    ),
  )
}
