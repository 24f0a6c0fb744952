import { Staking } from '@jejunetwork/sdk'
import type { Address } from 'viem'
import type { Market } from './connect.ts'
import { UsageError } from './errors.ts'

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
