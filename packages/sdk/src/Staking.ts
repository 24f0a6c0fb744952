import type { Address, Client, Hash } from 'viem'
import { readContract } from 'viem/actions'
import { ComputeStakingAbi as abi, type Deployment } from './Deployment.ts'
import { send, type Wallet } from './write.ts'

/** An account's stake, in wei. `required` is what its roles hold; `pending` leaves at `availableAt` (unix seconds). */
export type Stake = { staked: bigint; required: bigint; pending: bigint; availableAt: bigint }

/** As the contract numbers them. */
const ROLES = ['provider', 'guardian', 'attester'] as const
export type Role = (typeof ROLES)[number]

/** What an account has at stake now. */
export async function get(client: Client, options: get.Options): Promise<Stake> {
  const { account, deployment } = options
  const contract = { ...at(deployment), args: [account] } as const
  const [staked, required, [pending, availableAt]] = await Promise.all([
    readContract(client, { ...contract, functionName: 'stakeOf' }),
    readContract(client, { ...contract, functionName: 'required' }),
    readContract(client, { ...contract, functionName: 'pendingUnstake' }),
  ])
  return { availableAt, pending, required, staked }
}

export declare namespace get {
  type Options = { deployment: Deployment; account: Address }
}

/** Whether the account has a role, and the stake for it. */
export async function holds(client: Client, options: holds.Options): Promise<boolean> {
  const { account, deployment, role } = options
  const args = [account, ROLES.indexOf(role)] as const
  return readContract(client, { abi, address: deployment.computeStaking, args, functionName: 'isStaked' })
}

export declare namespace holds {
  type Options = get.Options & { role: Role }
}

/** What an account must add, in wei, so that `needed` of its stake backs no role and does not leave. */
export async function missing(client: Client, options: missing.Options): Promise<bigint> {
  const { needed, ...of } = options
  const { pending, required, staked } = await get(client, of)
  const free = staked - required - pending
  return free >= needed ? 0n : needed - (free > 0n ? free : 0n)
}

export declare namespace missing {
  type Options = get.Options & { needed: bigint }
}

/** Adds to the wallet's stake. */
export async function stake(wallet: Wallet, options: stake.Options): Promise<{ hash: Hash }> {
  const { amount, deployment } = options
  return send(wallet, { ...at(deployment), args: [], functionName: 'stake', value: amount })
}

export declare namespace stake {
  type Options = { deployment: Deployment; amount: bigint }
}

/** Asks for stake back; it can be taken seven days later. A new request restarts the time. */
export async function initiateUnstake(wallet: Wallet, options: stake.Options): Promise<{ hash: Hash }> {
  const { amount, deployment } = options
  return send(wallet, { ...at(deployment), args: [amount], functionName: 'initiateUnstake' })
}

/** Takes out what was asked for seven days ago. */
export async function completeUnstake(
  wallet: Wallet,
  { deployment }: { deployment: Deployment },
): Promise<{ hash: Hash }> {
  return send(wallet, { ...at(deployment), args: [], functionName: 'completeUnstake' })
}

/** Takes on the guardian's role, which needs 1 ETH that backs nothing else. */
export async function becomeGuardian(
  wallet: Wallet,
  { deployment }: { deployment: Deployment },
): Promise<{ hash: Hash }> {
  return send(wallet, { ...at(deployment), args: [], functionName: 'becomeGuardian' })
}

/** Gives the guardian's role back. */
export async function resignGuardian(
  wallet: Wallet,
  { deployment }: { deployment: Deployment },
): Promise<{ hash: Hash }> {
  return send(wallet, { ...at(deployment), args: [], functionName: 'resignGuardian' })
}

function at({ computeStaking }: Deployment) {
  return { abi, address: computeStaking } as const
}
