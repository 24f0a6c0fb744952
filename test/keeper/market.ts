import { TriggerRegistryAbi as abi, Trigger, type TriggerConfig } from '@jejunetwork/sdk'
import { type Address, type Hex, parseEther, parseGwei } from 'viem'
import type { Chain } from '../chain.ts'

export const [AGENT, SPONSOR] = [2, 3]

/** Adds 1 to its first slot, whatever it is called with. */
const COUNTER: Hex = '0x675f546001015f55005f5260086018f3'

/** Creates a trigger of the agent's, for which the `sponsor`-th account pays. */
export async function createTrigger(
  chain: Chain,
  config: TriggerConfig.Config,
  { sponsor = SPONSOR } = {},
): Promise<bigint> {
  const { deployment } = chain
  const { triggerId } = await Trigger.create(chain.walletOf(AGENT), { config, deployment })
  const expiry = (await chain.client.getBlock()).timestamp + 10_000_000n
  const price = { maxGasPrice: parseGwei('100'), perPeriod: parseEther('5') }
  await Trigger.sponsor(chain.walletOf(sponsor), {
    deployment,
    expiry,
    triggerId,
    value: parseEther('5'),
    ...price,
  })
  return triggerId
}

/** A contract that counts its calls. */
export async function deployCounter(chain: Chain): Promise<Address> {
  const hash = await chain.walletOf(AGENT).sendTransaction({ data: COUNTER })
  const { contractAddress } = await chain.client.waitForTransactionReceipt({ hash })
  if (!contractAddress) throw new Error('Nothing was deployed.')
  return contractAddress
}

export const countOf = async (chain: Chain, address: Address): Promise<number> =>
  Number((await chain.client.getStorageAt({ address, slot: '0x0' })) ?? 0)

/** The keys of all executions, by trigger, in order. */
export async function executions(chain: Chain): Promise<ReadonlyMap<bigint, readonly bigint[]>> {
  const address = chain.deployment.triggerRegistry
  const eventName = 'TriggerExecuted'
  const logs = await chain.client.getContractEvents({ abi, address, eventName, fromBlock: 0n, strict: true })
  const keys = new Map<bigint, bigint[]>()
  for (const { args } of logs) keys.set(args.triggerId, [...(keys.get(args.triggerId) ?? []), args.key])
  return keys
}
