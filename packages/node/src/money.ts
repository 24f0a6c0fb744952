import { isUnreachable } from '@jejunetwork/sdk'
import {
  type Address,
  type Client,
  ContractFunctionExecutionError,
  erc20Abi,
  formatEther,
  formatGwei,
  formatUnits,
  zeroAddress,
} from 'viem'
import { readContract } from 'viem/actions'

const LONGEST_SYMBOL = 12

/** Wei as people read them. */
export const eth = (wei: bigint): string => `${formatEther(wei)} ETH`

/** A gas price as people read it. */
export const gwei = (wei: bigint): string => `${formatGwei(wei)} gwei`

/** The smaller amount. */
export const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

/** How amounts of a token are written for people, of ether for the zero address. */
export type Amount = (units: bigint) => string

/** What writes amounts of a token. Its symbol is a stranger's word, so its address stands beside it. */
export async function amountsIn(client: Client, token: Address): Promise<Amount> {
  if (token === zeroAddress) return eth
  const contract = { abi: erc20Abi, address: token } as const
  try {
    const [decimals, symbol] = await Promise.all([
      readContract(client, { ...contract, functionName: 'decimals' }),
      readContract(client, { ...contract, functionName: 'symbol' }),
    ])
    return (units) => `${formatUnits(units, decimals)} ${symbol.slice(0, LONGEST_SYMBOL)} (${token})`
  } catch (error) {
    if (!(error instanceof ContractFunctionExecutionError) || isUnreachable(error)) throw error
    // A token need not say how it is written.
    return (units) => `${units} of ${token}`
  }
}

/** Payments added up, each currency by itself. */
export async function sumsIn(client: Client, payments: readonly sumsIn.Payment[]): Promise<string> {
  const sums = new Map<Address, bigint>()
  for (const { amount, token } of payments) sums.set(token, (sums.get(token) ?? 0n) + amount)
  const parts = [...sums].map(async ([token, sum]) => (await amountsIn(client, token))(sum))
  return (await Promise.all(parts)).join(' and ') || eth(0n)
}

export declare namespace sumsIn {
  /** In ether where the token is the zero address. */
  type Payment = { amount: bigint; token: Address }
}
