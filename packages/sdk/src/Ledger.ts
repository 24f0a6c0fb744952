import type { Address, Client, Hash } from 'viem'
import { readContract } from 'viem/actions'
import { LedgerManagerAbi as abi, type Deployment } from './Deployment.ts'
import { send, type Wallet } from './write.ts'

/** An account's ether in the ledger, in wei. What a wallet refused waits here too. */
export async function balanceOf(client: Client, options: balanceOf.Options): Promise<bigint> {
  const { account, deployment } = options
  const address = deployment.ledgerManager
  return readContract(client, { abi, address, args: [account], functionName: 'getBalance' })
}

export declare namespace balanceOf {
  type Options = { deployment: Deployment; account: Address }
}

/** Adds ether to the wallet's balance, or to `account`'s, who alone can take it out. */
export async function deposit(wallet: Wallet, options: deposit.Options): Promise<{ hash: Hash }> {
  const { account, amount, deployment } = options
  const call =
    account === undefined
      ? { args: [], functionName: 'deposit' }
      : { args: [account], functionName: 'depositFor' }
  return send(wallet, { abi, address: deployment.ledgerManager, value: amount, ...call })
}

export declare namespace deposit {
  type Options = { deployment: Deployment; amount: bigint; account?: Address }
}

/** Pays ether of the wallet's balance out, to the wallet unless `to` is given. */
export async function withdraw(wallet: Wallet, options: withdraw.Options): Promise<{ hash: Hash }> {
  const { amount, deployment, to = wallet.account.address } = options
  const address = deployment.ledgerManager
  return send(wallet, { abi, address, args: [amount, to], functionName: 'withdrawTo' })
}

export declare namespace withdraw {
  type Options = { deployment: Deployment; amount: bigint; to?: Address }
}
