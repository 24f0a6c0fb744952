import { Trigger, TriggerRegistryAbi } from '@jejunetwork/sdk'
import { BlockNotFoundError, parseEventLogs } from 'viem'
import type { Desk, Head, Now } from './Desk.ts'

/** Everything is looked at anew this often, so that whatever was not heard heals. */
const SWEEP_SECONDS = 3_600n
const MOST_BLOCKS = 1_000n
/** What was closed in this time may have been undone by a reorganisation that nobody saw: it is looked at once more. */
const UNDONE_MS = 2 * 3_600_000

/** The newest block. */
export async function headOf({ client }: Desk): Promise<Head> {
  const { hash, number, timestamp } = await client.getBlock({ blockTag: 'latest' })
  return { hash, number, timestamp }
}

/** Whether a block is still there: `unknown` if the chain is shorter, or the node behind. */
export async function stands(
  { client }: Desk,
  { hash, number }: Omit<Head, 'timestamp'>,
): Promise<'yes' | 'no' | 'unknown'> {
  try {
    const block = await client.getBlock({ blockNumber: number })
    return block.hash === hash ? 'yes' : 'no'
  } catch (error) {
    if (error instanceof BlockNotFoundError) return 'unknown'
    throw error
  }
}

/** Whether what was seen, and what was executed, is still there. A chain that is shorter than it was is as good as another one. */
async function isSameChain(desk: Desk, head: Head): Promise<boolean> {
  for (const block of [desk.known.block, desk.known.executed])
    if (block !== undefined && (block.number > head.number || (await stands(desk, block)) !== 'yes'))
      return false
  return true
}

/** Learns of new triggers by their number, of changed ones by their events, and of reorganisations. */
export async function listen(desk: Desk, now: Now): Promise<void> {
  const { client, deployment, known, log, store, triggers } = desk
  const head = await headOf(desk)
  const from = known.block
  const isSame = await isSameChain(desk, head)
  if (!isSame) log.warn('the chain was reorganised; everything is looked at anew', { block: head.number })
  if (!isSame || now.time - known.sweptAt >= SWEEP_SECONDS) {
    desk.resting.clear()
    known.executed = undefined
    known.sweptAt = now.time
    known.triggers = 0n
    await store.reopen(UNDONE_MS)
  }
  if (isSame && from !== undefined && head.number > from.number) {
    if (head.number - from.number > MOST_BLOCKS) known.triggers = 0n
    else {
      const address = deployment.triggerRegistry
      const logs = await client.getLogs({ address, fromBlock: from.number + 1n, toBlock: head.number })
      for (const { args } of parseEventLogs({ abi: TriggerRegistryAbi, logs }))
        if ('triggerId' in args && args.triggerId !== undefined) triggers.set(args.triggerId, 0n)
    }
  }

  const count = await Trigger.count(client, { deployment })
  if (count < known.triggers) known.triggers = 0n
  for (let id = known.triggers + 1n; id <= count; id++) triggers.set(id, 0n)
  known.triggers = count
  known.block = head
}
