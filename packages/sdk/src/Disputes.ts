import type { Address, Client, Hash } from 'viem'
import { getBlock, getContractEvents, readContract } from 'viem/actions'
import { GuardianPanelAbi as abi, ComputeStakingAbi, type Deployment } from './Deployment.ts'
import * as Registry from './Registry.ts'
import * as Rental from './Rental.ts'
import { send, type Wallet } from './write.ts'

/** Pay of a session that its renter disputed. Amounts are in `token`, 0 being ether; times unix seconds. */
export type Dispute = {
  sessionId: bigint
  providerId: bigint
  renter: Address
  owner: Address
  token: Address
  held: bigint
  bond: bigint
  endsAt: bigint
  /** Votes on the provider. */
  against: bigint
  inFavour: bigint
  /** What each who voted has of the bond, once resolved. */
  share: bigint
  resolved: boolean
}

/** The dispute about a session; undefined if there never was one. */
export async function get(client: Client, options: get.Options): Promise<Dispute | undefined> {
  const { deployment, sessionId } = options
  const dispute = await readContract(client, {
    ...at(deployment),
    args: [sessionId],
    functionName: 'disputeOf',
  })
  return dispute.endsAt === 0n ? undefined : { ...dispute, sessionId }
}

export declare namespace get {
  type Options = { deployment: Deployment; sessionId: bigint }
}

/** The disputes that nobody resolved yet, oldest first. Reads the contract's events, so it takes an RPC that gives them all. */
export async function listOpen(
  client: Client,
  { deployment }: { deployment: Deployment },
): Promise<Dispute[]> {
  const events = await getContractEvents(client, {
    ...at(deployment),
    eventName: 'DisputeOpened',
    fromBlock: BigInt(deployment.blockNumber),
    strict: true,
  })
  const all = await Promise.all(
    events.map(({ args }) => get(client, { deployment, sessionId: args.sessionId })),
  )
  return all.filter((dispute) => dispute !== undefined).filter(({ resolved }) => !resolved)
}

/** Without as many votes a dispute is decided by nobody, and with fewer who may vote there is none. */
export const QUORUM = 3
/** A renter and an owner: at most so many of the oldest guardians are a side. */
const SIDES = 2
const SENIORITY = 7n * 86_400n

/** Guardians who could vote on a session's pay if it were disputed now, as the contract counts them: up to five of the oldest. */
export async function electorate(client: Client, options: get.Options): Promise<readonly Address[]> {
  const { deployment, sessionId } = options
  const [{ renter, providerId }, { timestamp }] = await Promise.all([
    Rental.get(client, { deployment, sessionId }),
    getBlock(client, { blockTag: 'pending' }),
  ])
  const { owner } = await Registry.get(client, { deployment, providerId })
  const oldest = await readContract(client, {
    abi: ComputeStakingAbi,
    address: deployment.computeStaking,
    args: [timestamp - SENIORITY, BigInt(QUORUM + SIDES)],
    functionName: 'guardiansBefore',
  })
  return oldest.filter((guardian) => guardian !== renter && guardian !== owner)
}

/** Votes, as a guardian, on the pay of a session. */
export async function vote(
  wallet: Wallet,
  { againstProvider, deployment, sessionId }: get.Options & { againstProvider: boolean },
): Promise<{ hash: Hash }> {
  return send(wallet, { ...at(deployment), args: [sessionId, againstProvider], functionName: 'vote' })
}

/** Ends a vote that is over. Anyone may. */
export async function resolve(
  wallet: Wallet,
  { deployment, sessionId }: get.Options,
): Promise<{ hash: Hash }> {
  return send(wallet, { ...at(deployment), args: [sessionId], functionName: 'resolve' })
}

/** Takes the wallet's share of the bond of a dispute that it voted on. */
export async function takeShare(
  wallet: Wallet,
  { deployment, sessionId }: get.Options,
): Promise<{ hash: Hash }> {
  return send(wallet, { ...at(deployment), args: [sessionId], functionName: 'takeShare' })
}

function at({ guardianPanel }: Deployment) {
  return { abi, address: guardianPanel } as const
}
