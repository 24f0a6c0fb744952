import { type Address, erc20Abi } from 'viem'
import type { Amount } from '../money.ts'
import type { Market } from './connect.ts'
import { UsageError } from './errors.ts'

/** What ComputeRental is about to be let take of a wallet's tokens, in a sentence; none if it takes none, or may already. */
export async function approvalFor(
  { client, deployment }: Market,
  { amount, needed, owner, token }: { amount: Amount; needed: bigint; owner: Address; token: Address },
): Promise<string> {
  if (needed === 0n) return ''
  const spender = deployment.computeRental
  const erc20 = { abi: erc20Abi, address: token } as const
  const [held, allowed] = await Promise.all([
    client.readContract({ ...erc20, args: [owner], functionName: 'balanceOf' }),
    client.readContract({ ...erc20, args: [owner, spender], functionName: 'allowance' }),
  ])
  if (held < needed)
    throw new UsageError(
      `${owner} holds ${amount(held)}, and this takes ${amount(needed)}; nothing was paid.`,
    )
  if (allowed >= needed) return ''
  return `ComputeRental, ${spender}, is approved to take ${amount(needed)} from you at most. `
}
