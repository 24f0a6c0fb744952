import { Staking } from '@jejunetwork/sdk'
import type { Address } from 'viem'
import type { Market } from './connect.ts'
import { UsageError } from './errors.ts'

/** What an account must add, in wei, so that so much of its stake backs nothing and does not leave. */
export async function missingStake(
  { client, deployment }: Market,
  { account, needed }: { account: Address; needed: bigint },
): Promise<bigint> {
  const { pending, required, staked } = await Staking.get(client, { account, deployment })
  const free = staked - required - pending
  return free >= needed ? 0n : needed - (free > 0n ? free : 0n)
}

/** Before any money moves: nobody stakes for a role that he has. */
export async function requireNoRole(
  { client, deployment }: Market,
  { account, role }: { account: Address; role: 'guardian' | 'attester' },
): Promise<void> {
  if (await Staking.holds(client, { account, deployment, role }))
    throw new UsageError(
      `${account} is ${role === 'guardian' ? 'a guardian' : 'an attester'} already; nothing was staked.`,
    )
}
