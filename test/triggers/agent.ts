import {
  type Abi,
  type Address,
  concat,
  decodeEventLog,
  encodeFunctionData,
  encodePacked,
  type Hash,
  type Hex,
  numberToHex,
  parseEther,
  size,
  type TransactionReceipt,
  zeroAddress,
} from 'viem'
import { LedgerManagerAbi, TriggerRegistryAbi } from '../../packages/contracts/abi/index.ts'
import type { Chain } from '../chain.ts'

/** Adds 1 to its first slot and stops, whatever it is called with. */
const COUNT: Hex = '0x5f546001015f5500'

/** Everything up to the call's data: pauses after 3 failures, an hour's delay, 100,000 gas, the agent itself. */
export const HEADER: Hex = encodePacked(
  ['uint8', 'uint8', 'uint16', 'uint16', 'address', 'uint16'],
  [1, 3, 60, 100, zeroAddress, 0],
)

export const cronConfig = (expression: string, policy = 0): Hex =>
  concat([HEADER, encodePacked(['uint8', 'int8', 'string'], [policy, 0, expression])])
export const webhookConfig = (key: Address): Hex => concat([HEADER, '0x0000', key])
export const eventConfig = (emitter: Address): Hex => concat([HEADER, emitter, '0x00'])
export const tickInput = (tick: bigint): Hex => encodePacked(['uint8', 'uint40'], [1, Number(tick)])

/**
 * Deploys an agent that counts its runs, starts at 1, and creates one trigger. In its constructor it calls the registry with
 * what lies behind its code.
 */
export async function createAgent(chain: Chain, options: createAgent.Options): Promise<bigint> {
  const { triggerType, config } = options
  const create = encodeFunctionData({
    abi: TriggerRegistryAbi,
    functionName: 'createTrigger',
    args: [triggerType, config],
  })
  const length = numberToHex(size(create), { size: 2 })
  const code = (offset: Hex) =>
    concat([
      ...(['0x61', length, '0x61', offset, '0x5f39'] as Hex[]), // CODECOPY the call's data to memory
      ...(['0x5f5f61', length, '0x5f5f73', chain.deployment.triggerRegistry, '0x5af1'] as Hex[]), // CALL
      ...(['0x50', '0x60015f55'] as Hex[]), // n = 1
      ...(['0x67', COUNT, '0x5f52', '0x60086018f3'] as Hex[]), // RETURN the counter's code
    ])
  const offset = numberToHex(size(code('0x0000')), { size: 2 })
  const hash = await chain
    .walletOf(1)
    .sendTransaction({ data: concat([code(offset), create]), gas: 3_000_000n })
  const receipt = await mined(chain, hash)
  const log = receipt.logs[0]
  if (!log) throw new Error('The agent did not create its trigger.')
  const event = decodeEventLog({ abi: TriggerRegistryAbi, ...log })
  return (event.args as { triggerId: bigint }).triggerId
}

export declare namespace createAgent {
  type Options = { triggerType: 0 | 1 | 2; config: Hex }
}

/** Lets account 2 sponsor a trigger from its ledger, and fills the trigger's balance. */
export async function sponsor(chain: Chain, triggerId: bigint): Promise<void> {
  const { ledgerManager, triggerRegistry } = chain.deployment
  await write(chain, 2, {
    address: ledgerManager,
    abi: LedgerManagerAbi,
    functionName: 'deposit',
    value: parseEther('1'),
  })
  await write(chain, 2, {
    address: ledgerManager,
    abi: LedgerManagerAbi,
    functionName: 'allow',
    args: [triggerRegistry, zeroAddress, 2n ** 256n - 1n],
  })
  const { timestamp } = await chain.client.getBlock()
  await write(chain, 2, {
    address: triggerRegistry,
    abi: TriggerRegistryAbi,
    functionName: 'sponsor',
    args: [triggerId, parseEther('1'), 10n ** 12n, timestamp + 86_400n * 365n],
    value: parseEther('0.1'),
  })
}

export type Call = {
  address: Address
  abi: Abi | readonly unknown[]
  functionName: string
  args?: readonly unknown[]
  value?: bigint
  gas?: bigint
}

/** Sends a transaction of a development account at a gas price of base fee + 1 gwei and awaits its receipt. */
export async function write(chain: Chain, account: number, call: Call): Promise<TransactionReceipt> {
  const { address, abi, functionName, args = [], ...rest } = call
  const data = encodeFunctionData({ abi: abi as Abi, functionName, args })
  const hash = await chain.walletOf(account).sendTransaction({
    to: address,
    data,
    maxPriorityFeePerGas: 10n ** 9n,
    ...rest,
  })
  const receipt = await mined(chain, hash)
  if (receipt.status !== 'success') throw new Error(`${functionName} reverted.`)
  return receipt
}

const mined = (chain: Chain, hash: Hash) => chain.client.waitForTransactionReceipt({ hash })
