import { type Address, bytesToHex, type Client, getAbiItem, type Hash, type Hex, hexToBytes } from 'viem'
import { readContract } from 'viem/actions'
import {
  AttesterQuorumsAbi,
  AttestationRegistryAbi as abi,
  ComputeStakingAbi,
  type Deployment,
  SnpJudgeAbi,
} from '../Deployment.ts'
import { ComputeError } from '../Errors.ts'
import { pagesOfLogs } from '../pagesOfLogs.ts'
import { send, type Wallet, write } from '../write.ts'
import { hints } from './SnpEvidence.ts'
import * as Verdict from './Verdict.ts'

/** What can be wrong with a verdict on a SEV-SNP machine, in the contract's order. */
export const FAULTS = [
  'form',
  'policy',
  'report data',
  'workload',
  'chip',
  'authority',
  'key',
  'certificate',
  'signature',
] as const
export type Fault = (typeof FAULTS)[number]

/** A verdict as it came on chain. */
export type Entry = { verdict: Verdict.Verdict; signers: readonly Address[]; evidence: Hex }

const NO_HINTS: Hex = '0x'
const ATTESTED = getAbiItem({ abi, name: 'AttestedByQuorum' })
const PUBLISHED = getAbiItem({ abi, name: 'EvidencePublished' })

/** Adds stake to the wallet's, and takes on the attester's role. */
export async function become(wallet: Wallet, options: become.Options): Promise<{ hash: Hash }> {
  const { amount, deployment } = options
  const call = { abi: ComputeStakingAbi, address: deployment.computeStaking, args: [] } as const
  if (amount > 0n) await write(wallet, { ...call, functionName: 'stake', value: amount })
  return send(wallet, { ...call, functionName: 'becomeAttester' })
}

export declare namespace become {
  type Options = { deployment: Deployment; amount: bigint }
}

/** Gives the attester's role back. The stake can leave 7 days after it is asked for, see `Staking.initiateUnstake`. */
export async function resign(wallet: Wallet, options: { deployment: Deployment }): Promise<{ hash: Hash }> {
  return send(wallet, {
    abi: ComputeStakingAbi,
    address: options.deployment.computeStaking,
    args: [],
    functionName: 'resignAttester',
  })
}

/** Makes a quorum, or finds the one of the same members and threshold. */
export async function createQuorum(
  wallet: Wallet,
  options: createQuorum.Options,
): Promise<{ hash: Hash; quorumId: bigint }> {
  const { deployment, members, threshold } = options
  const { hash } = await send(wallet, {
    abi: AttesterQuorumsAbi,
    address: deployment.attesterQuorums,
    args: [members, threshold],
    functionName: 'createQuorum',
  })
  return { hash, quorumId: Verdict.quorumIdOf(members, threshold) }
}

export declare namespace createQuorum {
  type Options = { deployment: Deployment; members: readonly Address[]; threshold: number }
}

/** Puts a verdict that enough members signed on chain, as the provider or its operator. */
export async function put(wallet: Wallet, options: put.Options): Promise<{ digest: Hex; hash: Hash }> {
  const { deployment, signed } = options
  const [first] = signed
  if (!first) throw new RangeError('There is no signed verdict.')
  const { binding, evidence, verdict } = first
  const registry = deployment.attestationRegistry
  const domain = { chainId: deployment.chainId, registry }
  const signatures = await Verdict.pack(verdict, {
    ...domain,
    signatures: signed.map(({ signature }) => signature),
  })
  const { hash } = await send(wallet, {
    abi,
    address: registry,
    args: [verdict, binding, signatures, evidence],
    functionName: 'attestByQuorum',
  })
  return { digest: Verdict.hash(verdict, domain), hash }
}

export declare namespace put {
  /** All of one verdict. */
  type Options = { deployment: Deployment; signed: readonly Verdict.Signed[] }
}

/** The verdict of this digest as the chain's events have it, with its evidence. */
export async function find(client: Client, options: find.Options): Promise<Entry> {
  const { deployment, digest } = options
  const { attestationRegistry: address, blockNumber } = deployment
  const place = { address, fromBlock: BigInt(blockNumber) }
  for await (const [log] of pagesOfLogs(client, { ...place, args: { digest }, event: ATTESTED })) {
    if (!log) continue
    const { signers, verdict } = log.args
    const { evidenceHash } = verdict
    for await (const [shown] of pagesOfLogs(client, { ...place, args: { evidenceHash }, event: PUBLISHED }))
      if (shown) return { evidence: shown.args.evidence, signers, verdict }
  }
  throw new VerdictNotFoundError({ digest })
}

export declare namespace find {
  type Options = { deployment: Deployment; digest: Hex }
}

/** The first thing that the chain itself finds wrong with a verdict on a SEV-SNP machine; undefined where it is true. */
export async function faultOf(client: Client, options: faultOf.Options): Promise<Found | undefined> {
  const { deployment, evidence, verdict } = options
  const { reportData, workload } = verdict
  const claims = { chip: verdict.devices[0] ?? '0x', reportData, workload }
  for (const fault of FAULTS) {
    const help = fault === 'signature' ? bytesToHex(await hints(hexToBytes(evidence))) : NO_HINTS
    const faulty = await readContract(client, {
      abi: SnpJudgeAbi,
      address: deployment.snpJudge,
      args: [FAULTS.indexOf(fault), claims, evidence, help],
      functionName: 'isFaulty',
    })
    if (faulty) return { fault, hints: help }
  }
  return undefined
}

export declare namespace faultOf {
  type Options = { deployment: Deployment; verdict: Verdict.Verdict; evidence: Hex }
}

type Found = { fault: Fault; hints: Hex }

/** Proves on chain that a verdict is false: each of its signers loses its stake. Throws where it is true. */
export async function refute(
  wallet: Wallet,
  options: find.Options,
): Promise<{ fault: Fault; hash: Hash; signers: readonly Address[] }> {
  const { deployment, digest } = options
  const { evidence, signers, verdict } = await find(wallet, options)
  const found = await faultOf(wallet, { deployment, evidence, verdict })
  if (!found) throw new VerdictStandsError({ digest })
  const { fault } = found
  const { hash } = await send(wallet, {
    abi,
    address: deployment.attestationRegistry,
    args: [verdict, signers, FAULTS.indexOf(fault), evidence, found.hints],
    functionName: 'refute',
  })
  return { fault, hash, signers }
}

/** No verdict of this digest came on chain. */
export class VerdictNotFoundError extends ComputeError {
  override readonly name = 'VerdictNotFoundError'

  constructor({ digest }: { digest: Hex }) {
    super(`No verdict ${digest} is on this chain.`)
  }
}

/** The verdict is true, as far as the chain can tell. */
export class VerdictStandsError extends ComputeError {
  override readonly name = 'VerdictStandsError'

  constructor({ digest }: { digest: Hex }) {
    super(`The verdict ${digest} is true: recomputed from its evidence, it has none of the faults.`)
  }
}
