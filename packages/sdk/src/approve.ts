import { type Address, erc20Abi, parseAbi } from 'viem'
import { readContract } from 'viem/actions'
import { type Wallet, write } from './write.ts'

/** Not as `erc20Abi` has it: some tokens, dollars among them, answer with nothing. */
const abi = parseAbi(['function approve(address spender, uint256 amount)'])

/** Lets a contract take `amount` of the wallet's tokens and no more, unless it may take that already. */
export async function approve(wallet: Wallet, { amount, spender, token }: approve.Options): Promise<void> {
  const owner = wallet.account.address
  const allowed = await readContract(wallet, {
    abi: erc20Abi,
    address: token,
    args: [owner, spender],
    functionName: 'allowance',
  })
  if (allowed >= amount) return
  const set = (to: bigint) =>
    write(wallet, { abi, address: token, args: [spender, to], functionName: 'approve' })
  // Some tokens change no approval but from nothing.
  if (allowed > 0n) await set(0n)
  await set(amount)
}

export declare namespace approve {
  type Options = { amount: bigint; spender: Address; token: Address }
}
