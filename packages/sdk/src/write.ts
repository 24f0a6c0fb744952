import type { Abi, Account, Address, Chain, Client, Hash, TransactionReceipt, Transport } from 'viem'
import { simulateContract, waitForTransactionReceipt, writeContract } from 'viem/actions'
import { abis } from './Deployment.ts'
import { ContractRevertedError, isTooPoor, revertOf, WalletTooPoorError } from './Errors.ts'

/** A client that can sign: viem's `WalletClient` with an account and a chain. */
export type Wallet = Client<Transport, Chain | undefined, Account>

/** Sends one call and waits until it is mined. A refusal comes as a `ContractRevertedError`, mostly before it is sent. */
export async function write(wallet: Wallet, call: write.Call): Promise<TransactionReceipt> {
  const { abi, address, args, functionName, value } = call
  const request = { abi, account: wallet.account, address, args, functionName, ...(value ? { value } : {}) }
  try {
    await simulateContract(wallet, request)
    const hash = await writeContract(wallet, { ...request, chain: wallet.chain ?? null })
    const receipt = await waitForTransactionReceipt(wallet, { hash })
    if (receipt.status === 'success') return receipt
    await simulateContract(wallet, { ...request, blockNumber: receipt.blockNumber })
    throw new ContractRevertedError({ functionName })
  } catch (error) {
    if (isTooPoor(error)) {
      throw new WalletTooPoorError({ address: wallet.account.address, cause: error, functionName })
    }
    throw revertOf(error, { abis, functionName }) ?? error
  }
}

/** The same, for whom the transaction's hash is enough. */
export async function send(wallet: Wallet, call: write.Call): Promise<{ hash: Hash }> {
  const { transactionHash } = await write(wallet, call)
  return { hash: transactionHash }
}

export declare namespace write {
  type Call = {
    address: Address
    abi: Abi
    functionName: string
    args: readonly unknown[]
    value?: bigint
  }
}
