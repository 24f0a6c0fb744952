import type { Address, Client, Hash } from 'viem'
import { readContract } from 'viem/actions'
import { ProviderFlagsAbi as abi, type Deployment } from './Deployment.ts'
import { send, type Wallet } from './write.ts'

/** A vote of guardians on flagging a provider, or on taking its flag away. Times are unix seconds. */
export type Motion = {
  /** What is voted on: to flag, or to take the flag away. */
  flagging: boolean
  endsAt: number
  inFavour: number
  against: number
  openedBy: Address
  reason: string
}

/** Why a provider is flagged, and what is voted on; undefined for what is not. */
export async function get(client: Client, options: get.Options): Promise<get.Result> {
  const { deployment, providerId } = options
  const contract = { ...at(deployment), args: [providerId] } as const
  const [reason, { round: _, ...motion }] = await Promise.all([
    readContract(client, { ...contract, functionName: 'reasonOf' }),
    readContract(client, { ...contract, functionName: 'motionOf' }),
  ])
  return { motion: motion.endsAt === 0 ? undefined : motion, reason: reason === '' ? undefined : reason }
}

export declare namespace get {
  type Options = { deployment: Deployment; providerId: bigint }
  type Result = { reason: string | undefined; motion: Motion | undefined }
}

/** Begins a vote, as a guardian: on flagging a provider or, where it is flagged, on taking the flag away. */
export async function open(
  wallet: Wallet,
  { deployment, reason, providerId }: get.Options & { reason: string },
): Promise<{ hash: Hash }> {
  return send(wallet, { ...at(deployment), args: [providerId, reason], functionName: 'open' })
}

/** Votes, as a guardian, on what is open about a provider. */
export async function vote(
  wallet: Wallet,
  { deployment, inFavour, providerId }: get.Options & { inFavour: boolean },
): Promise<{ hash: Hash }> {
  return send(wallet, { ...at(deployment), args: [providerId, inFavour], functionName: 'vote' })
}

/** Ends a vote that is over. Anyone may. */
export async function resolve(
  wallet: Wallet,
  { deployment, providerId }: get.Options,
): Promise<{ hash: Hash }> {
  return send(wallet, { ...at(deployment), args: [providerId], functionName: 'resolve' })
}

function at({ providerFlags }: Deployment) {
  return { abi, address: providerFlags } as const
}
