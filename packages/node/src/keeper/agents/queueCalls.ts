import { AgentCall, TriggerRegistryAbi as abi, Trigger } from '@jejunetwork/sdk'
import { getAbiItem, isAddressEqual, stringToHex } from 'viem'
import type { Desk } from '../Desk.ts'

const EXECUTED = getAbiItem({ abi, name: 'TriggerExecuted' })
/** Read again each time: what a reorganisation put into an earlier block is found. */
const OVERLAP = 32n
/** Where a keeper without a memory begins. */
const LOOK_BACK = 300n
const MOST_BLOCKS = 1_000n

/**
 * Puts the calls into the queue that this keeper's executions promised: those of triggers without a call on chain. They are read off
 * the chain, so that a keeper killed between an execution and its call makes the call in its next life.
 */
export async function queueCalls(desk: Desk): Promise<void> {
  const { client, deployment, sender, store } = desk
  const name = `calls of ${sender.address}`
  const head = await client.getBlockNumber({ cacheTime: 0 })
  const read = (await store.cursors.get([name])).get(name)
  const first = BigInt(deployment.blockNumber)
  const start = read === undefined ? head - LOOK_BACK : BigInt(read) + 1n - OVERLAP
  const fromBlock = start > first ? start : first
  const toBlock = fromBlock + MOST_BLOCKS < head ? fromBlock + MOST_BLOCKS : head
  if (toBlock < fromBlock || (read !== undefined && BigInt(read) === toBlock)) return

  const address = deployment.triggerRegistry
  const logs = await client.getLogs({ address, event: EXECUTED, fromBlock, strict: true, toBlock })
  for (const { args, transactionHash: transaction } of logs)
    if (isAddressEqual(args.executor, sender.address)) await queue(desk, { ...args, transaction })
  await store.cursors.set([name], String(toBlock))
}

type Run = { triggerId: bigint; key: bigint; transaction: `0x${string}` }

async function queue(
  { client, deployment, log, store }: Desk,
  { key, transaction, triggerId }: Run,
): Promise<void> {
  const id = AgentCall.idOf({ key, triggerId })
  if ((await store.calls.get(id)) !== undefined) return
  const { gasLimit } = await Trigger.get(client, { deployment, triggerId })
  if (gasLimit > 0n) return
  const call = await AgentCall.find(client, { deployment, key, transaction, triggerId }).catch(
    (error: unknown) => {
      // Warning: one that cannot be told to an agent must not hold up those that come after it.
      if (!(error instanceof AgentCall.AgentCallError)) throw error
      log.warn('an agent cannot be called', { error, key, triggerId })
      return undefined
    },
  )
  if (call === undefined) return
  await store.calls.add({ id, key, payload: stringToHex(AgentCall.encode(call, { deployment })), triggerId })
  log.info('agent to be called', { key, triggerId })
}
