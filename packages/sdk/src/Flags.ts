import type { Address, Client, Hash } from 'viem'
import { readContract } from 'viem/actions'
import { ProviderFlagsAbi as abi, type Deployment } from './Deployment.ts'
import { type Wallet, write } from './write.ts'

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
  const contract = { abi, address: deployment.providerFlags, args: [providerId] } as const
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
  { reason, ...options }: get.Options & { reason: string },
): Promise<{ hash: Hash }> {
  return send(wallet, { ...options, functionName: 'open', more: [reason] })
}

/** Votes, as a guardian, on what is open about a provider. */
export async function vote(
  wallet: Wallet,
  { inFavour, ...options }: get.Options & { inFavour: boolean },
): Promise<{ hash: Hash }> {
  return send(wallet, { ...options, functionName: 'vote', more: [inFavour] })
}

/** Ends a vote that is over. Anyone may. */
export async function resolve(wallet: Wallet, options: get.Options): Promise<{ hash: Hash }> {
  return send(wallet, { ...options, functionName: 'resolve', more: [] })
}

async function send(
  wallet: Wallet,
  options: get.Options & { functionName: string; more: readonly unknown[] },
): Promise<{ hash: Hash }> {
  const { deployment, functionName, more, providerId } = options
  const args = [providerId, ...more]
  const receipt = await write(wallet, { abi, address: deployment.providerFlags, args, functionName })
  return { hash: receipt.transactionHash }
}
