import { type Address, bytesToHex, type Client, type Hex, isAddressEqual } from 'viem'
import { getBlock, readContract } from 'viem/actions'
import * as Binding from './attestation/Binding.ts'
import { iso } from './attestation/Chain.ts'
import * as Dcap from './attestation/Dcap.ts'
import * as Evidence from './attestation/Evidence.ts'
import { type Level, levelOf } from './attestation/Level.ts'
import * as Nvidia from './attestation/Nvidia.ts'
import { checkSwitches } from './attestation/NvSwitches.ts'
import * as Pccs from './attestation/Pccs.ts'
import { RefusedError } from './attestation/Refusal.ts'
import { INTEL_ROOT } from './attestation/Roots.ts'
import type { Product } from './attestation/SnpReport.ts'
import * as Submission from './attestation/Submission.ts'
import { AttestationRegistryAbi as abi, type Deployment } from './Deployment.ts'
import * as Registry from './Registry.ts'
import { checkGpuVerdict, checkVerdict, type GpuVerdict } from './verifyVerdict.ts'

/** One thing that was looked at: what it is, and what it must be. */
export type Check = { name: string; ok: boolean; value: string; bound: string }

/** What became of verifying a provider. */
export type Verification = {
  /** Every check passed: by mathematics, that machine is what the chain says. */
  verified: boolean
  /** What the chain says, whether or not the checks agree. */
  level: Level | undefined
  checks: readonly Check[]
  /** The gateway that the provider names, with its host key: when `verified`, the attested one, to be pinned. */
  ssh: Evidence.Gateway | undefined
  /** What a quorum says of the GPUs beside that; worth nothing unless `verified`. */
  gpus: GpuVerdict | undefined
}

/**
 * Checks a provider's machine from the chain and the evidence that it shows, trusting neither it nor whoever attested it:
 * the vendors' root keys alone, and the chain for what was recorded and when. Stops at the first check without which
 * the next make no sense.
 */
export async function verifyProvider(client: Client, options: verifyProvider.Options): Promise<Verification> {
  const { deployment, providerId } = options
  const checks: Check[] = []
  const note: Note = (name, ok, { bound, value }) => {
    checks.push({ bound, name, ok, value })
    return ok
  }
  const provider = await Registry.get(client, { deployment, providerId })
  const { attestationRegistry: registry } = deployment
  const found: Pick<Verification, 'gpus' | 'level' | 'ssh'> = {
    gpus: undefined,
    level: undefined,
    ssh: undefined,
  }
  try {
    const { number: head, timestamp: now } = await getBlock(client)
    const level = await levelOf(client, { deployment, providerId })
    found.level = level
    const scene: Scene = { ...options, client, head, level, note, now, provider, registry }
    const isAttested = await checkLevel(scene)
    const evidence = await shown(scene)
    found.ssh = evidence?.ssh
    if (isAttested && evidence && evidence.tee !== 'none') found.gpus = await checkEvidence(scene, evidence)
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    const { bound, subject, value } = error.refusal
    note(subject, false, { bound, value })
  }
  return { ...found, checks, verified: checks.every(({ ok }) => ok) }
}

export declare namespace verifyProvider {
  type Options = {
    deployment: Deployment
    providerId: bigint
    /** The SSH host key that the gateway showed, as in `known_hosts`; compared with the attested one where given. */
    sshHostKey?: string | undefined
    /** keccak256 of the SubjectPublicKeyInfo that the endpoint's TLS showed; compared where given. */
    tlsSpkiHash?: Hex | undefined
    /** The workload ids to accept; any by default. */
    workloads?: readonly Hex[] | undefined
    /** SHA-256 of the root key to trust in Intel's place, on a chain for tests. */
    intelRoot?: string | undefined
    /** The same for AMD's root keys, by product. */
    amdRoots?: Readonly<Record<Product, string>> | undefined
    /** The same for NVIDIA's. */
    gpuRoots?: readonly string[] | undefined
    /** The quorums whose word is taken: for level 1 any by default, for GPUs none. */
    quorums?: readonly bigint[] | undefined
    signal?: AbortSignal | undefined
  }
}

type Note = (name: string, ok: boolean, seen: { value: string; bound: string }) => boolean
export type Scene = verifyProvider.Options & {
  client: Client
  head: bigint
  level: Level
  note: Note
  now: bigint
  provider: Registry.Provider
  registry: Address
}
export type Shown = Evidence.Shown

const LEVELS = ['0, claimed', '1, attested by a quorum', '2, verified on chain']

async function checkLevel(scene: Scene): Promise<boolean> {
  const { client, level, note, now, providerId, registry } = scene
  const { expiry, kept, platformId, tee } = level
  const ended = level.level === 0 && kept.level > 0 ? `, ${kept.status} until ${iso(kept.expiry)}` : ''
  const ok = note('level', level.level > 0, { bound: '1 or 2', value: `${LEVELS[level.level]}${ended}` })
  if (!ok) return false
  note('TEE', tee !== 'none', { bound: 'one', value: tee })
  note('expiry', expiry >= now, { bound: `not before ${iso(now)}`, value: iso(expiry) })
  if (level.level < 2) return true
  const status = `${kept.status} by evaluation ${kept.evaluation}`
  note('status', true, { bound: 'needs no update', value: status })
  const args = [platformId] as const
  const [holder] = await readContract(client, { abi, address: registry, args, functionName: 'platformOf' })
  note('platform', holder === providerId, {
    bound: `provider ${providerId}'s`,
    value: `${platformId}, provider ${holder}'s`,
  })
  return true
}

async function shown({ level, note, provider, signal }: Scene): Promise<Evidence.Evidence | undefined> {
  const evidence = await Evidence.fetchFrom(provider.endpoint, { signal })
  if (evidence.tee === 'none') {
    note('evidence', false, {
      bound: 'evidence of a TEE',
      value: `none: ${evidence.reason.replace(/\.$/, '')}`,
    })
    return evidence
  }
  if (level.level > 0) note('evidence', evidence.tee === level.tee, { bound: level.tee, value: evidence.tee })
  return evidence
}

/** What the evidence proves about the machine, then what it is bound to. */
async function checkEvidence(scene: Scene, evidence: Shown): Promise<GpuVerdict | undefined> {
  const check = scene.level.level === 1 ? checkVerdict : checkQuote
  const reportData = await check(scene, evidence)
  if (!reportData) return undefined
  await checkBinding(scene, { evidence, reportData })
  await checkGpus(scene, evidence)
  return checkGpuVerdict(scene, reportData)
}

async function checkQuote(scene: Scene, evidence: Shown): Promise<Uint8Array | undefined> {
  const { intelRoot: root = INTEL_ROOT, level, note, workloads } = scene
  const submission = Submission.submission(evidence.report)
  const hash = Submission.evidenceHash(submission)
  note('evidence hash', hash.startsWith(level.kept.evidence), {
    bound: `${level.kept.evidence}… on chain`,
    value: hash,
  })
  await checkRoot(scene, { report: evidence.report, root })
  const { collateral } = evidence
  if (!collateral) {
    note('collateral', false, { bound: "Intel's, beside the quote", value: 'none' })
    return undefined
  }
  await checkCollateral(scene, { collateral, submission })
  const verdict = await Dcap.verify(evidence.report, {
    at: scene.now,
    collateral,
    // Intel goes on signing what older evaluations said, with dates of now.
    minimumEvaluation: level.kept.evaluation,
    roots: [root],
    ...(workloads ? { workloads } : {}),
  })
  if (!verdict.ok) {
    const { bound, code, subject, value } = verdict.refusal
    note(`quote, ${subject}`, false, { bound, value: `${value} (${code})` })
    return undefined
  }
  const { platformId, reportData, status, tee, workloadId } = verdict.claims
  note('quote', true, { bound: 'signed up to the root key', value: `${tee}, ${status}` })
  note('workload', workloadId.startsWith(level.workload), {
    bound: `${level.workload}… on chain`,
    value: workloadId,
  })
  note('platform id', platformId.startsWith(level.platformId), {
    bound: `${level.platformId}… on chain`,
    value: platformId,
  })
  return reportData
}

/** The chain verified by the same root key that is trusted here. */
async function checkRoot(
  { client, note, registry }: Scene,
  { report, root }: { report: Uint8Array; root: string },
) {
  const address = await readContract(client, { abi, address: registry, functionName: 'pccs' })
  const pinned = await Pccs.rootOf(client, { address })
  const { key, pin } = await Submission.rootOf(report)
  note('root key', pin === root && key === pinned, { bound: `${root}, and the chain's`, value: pin })
}

type Judged = { collateral: NonNullable<Shown['collateral']>; submission: Submission.Submission }

/** Collateral older than the chain's could hide a revocation. */
async function checkCollateral(scene: Scene, { collateral, submission }: Judged): Promise<void> {
  const { client, level, note, registry } = scene
  const address = await readContract(client, { abi, address: registry, functionName: 'pccs' })
  const { evaluation } = level.kept
  const chain = await Pccs.stateOf(client, { address, evaluation, submission })
  const shown = Pccs.datesOf(collateral)
  for (const [name, label] of Object.entries(NAMES) as [keyof Pccs.State, string][]) {
    const { from, until } = shown[name]
    const value = `${iso(from)} to ${iso(until)}`
    note(label, from >= chain[name].from, {
      bound: `from ${iso(chain[name].from)} or later, as on chain`,
      value,
    })
  }
}

const NAMES = { pckCrl: 'PCK CRL', qeIdentity: 'QE identity', rootCrl: 'root CRL', tcbInfo: 'TCB info' }

async function checkBinding(
  scene: Scene,
  { evidence, reportData }: { evidence: Shown; reportData: Uint8Array },
) {
  const { client, deployment, head: newest, note, provider, registry } = scene
  const { binding } = evidence
  if (binding.blockNumber > newest) {
    note('block', false, { bound: `at most ${newest}, the newest`, value: `${binding.blockNumber}` })
    return
  }
  const { hash } = await getBlock(client, { blockNumber: binding.blockNumber })
  // How old the block was when this was put on chain, the contract has checked.
  const head = { hashAt: hash ?? '0x', number: binding.blockNumber + 1n }
  const agent = await Registry.agentOf(client, scene)
  const expected = {
    agentId: agent?.agentId ?? 0n,
    chainId: BigInt(deployment.chainId),
    provider: provider.owner,
    registry,
  }
  const verdict = await Binding.verify(reportData, { binding, expected, head })
  if (!verdict.ok) {
    const { bound, subject, value } = verdict.refusal
    note(subject, false, { bound, value })
    return
  }
  note('binding', true, {
    bound: "this chain, registry and provider's",
    value: bytesToHex(reportData.slice(0, 32)),
  })
  note('block', true, { bound: `hash ${hash}`, value: `${binding.blockNumber}` })
  // Whoever buys the agent does not buy the machine.
  if (agent)
    note('agent', isAddressEqual(agent.owner, provider.owner), {
      bound: `${provider.owner}'s, the provider's`,
      value: `${agent.agentId}, ${agent.owner}'s`,
    })
  checkKeys(scene, evidence)
}

/** The keys that were shown, and the one that the provider names, must be those that the machine bound. */
function checkKeys({ note, sshHostKey, tlsSpkiHash }: Scene, { binding, ssh }: Shown): void {
  const { sshHostKeyHash: attested } = binding
  const hostKeys = { 'SSH host key': sshHostKey, 'SSH host key, as named': ssh?.hostKey }
  if (sshHostKey === undefined && ssh === undefined)
    note('SSH host key', true, { bound: 'not compared', value: attested })
  for (const [name, hostKey] of Object.entries(hostKeys)) {
    if (hostKey === undefined) continue
    const value = Binding.sshHostKeyHash(hostKey)
    note(name, value === attested, { bound: `${attested}, attested`, value })
  }
  if (tlsSpkiHash === undefined) return
  const isBound = BigInt(binding.tlsSpkiHash) !== 0n
  const bound = isBound ? `${binding.tlsSpkiHash}, attested` : 'anything: TLS ends outside of the TEE'
  note('TLS key', !isBound || tlsSpkiHash === binding.tlsSpkiHash, { bound, value: tlsSpkiHash })
}

async function checkGpus({ gpuRoots, note, now }: Scene, { binding, gpus }: Shown): Promise<void> {
  const value = Binding.gpuEvidenceHash(gpus.map(({ report }) => report))
  note('GPU evidence', value === binding.gpuEvidenceHash, {
    bound: `${binding.gpuEvidenceHash}, attested`,
    value,
  })
  const nonce = Binding.gpuNonce(binding)
  const seen = new Map<string, number>()
  const genuine: Nvidia.Claims[] = []
  for (const [index, gpu] of gpus.entries()) {
    const verdict = await Nvidia.verify(gpu, { at: now, nonce, ...(gpuRoots ? { roots: gpuRoots } : {}) })
    if (verdict.ok) {
      genuine.push(verdict.claims)
      const { deviceId, driver, firmware, model } = verdict.claims
      const twin = seen.get(deviceId)
      seen.set(deviceId, index)
      note(`GPU ${index}`, twin === undefined, {
        bound: twin === undefined ? "signed up to NVIDIA's root key" : `another than GPU ${twin}`,
        value: `${model}, driver ${driver}, firmware ${firmware}`,
      })
    } else {
      const { bound, code, subject, value: found } = verdict.refusal
      note(`GPU ${index}, ${subject}`, false, { bound, value: `${found} (${code})` })
    }
  }
  checkSwitches(genuine)
}
