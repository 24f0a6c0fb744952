import { TriggerRegistryAbi } from '@jejunetwork/sdk'
import { readContract } from 'viem/actions'
import { eth } from '../money.ts'
import type { Desk } from './Desk.ts'

/** What was earned is fetched when it is worth this many times its gas. */
const WORTH = 20n
const COLLECT_GAS = 45_000n

/** Opens this executor's credit, which makes its first execution cheaper, and fetches what is in it when that pays. */
export async function keepCredit({ client, deployment, log, sender }: Desk): Promise<void> {
  const contract = { abi: TriggerRegistryAbi, address: deployment.triggerRegistry } as const
  const executor = sender.address
  const credit = await readContract(client, { ...contract, args: [executor], functionName: 'creditOf' })
  if (credit === 0n) {
    await sender.write({ ...contract, functionName: 'openCredit', value: 1n })
    log.info('credit opened', { executor })
    return
  }
  const cost = (await client.getGasPrice()) * COLLECT_GAS
  if (credit < WORTH * cost) return
  await sender.write({ ...contract, functionName: 'collect' })
  log.info('earnings collected', { amount: eth(credit), executor })
}
