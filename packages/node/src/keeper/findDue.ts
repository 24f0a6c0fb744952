import { Trigger, TriggerInput, TriggerRegistryAbi } from '@jejunetwork/sdk'
import { parseEventLogs } from 'viem'
import type { Desk, Due, Now } from './Desk.ts'

const PAGE = 50
/** Everything is looked at anew this often, so that whatever was not heard heals. */
const SWEEP_SECONDS = 3_600n
/** What waits for an event, like a sponsor, is looked at this often without one. */
const PATIENCE_SECONDS = 600n
/** When to look again at what is due and did not run. */
const RETRY_SECONDS = 10n
const MOST_BLOCKS = 1_000n

/** What the chain says is due now, from its state alone; events only say where to look first. */
export async function findDue(desk: Desk, now: Now): Promise<readonly Due[]> {
  await listen(desk, now)
  const due: Due[] = []
  const ids = desk.triggers.take(now.time)
  for (let at = 0; at < ids.length; at += PAGE) {
    const page = ids.slice(at, at + PAGE)
    try {
      for (const found of await Promise.all(page.map((triggerId) => look(desk, { now, triggerId }))))
        if (found !== undefined) due.push(found)
    } catch (error) {
      for (const triggerId of ids.slice(at)) desk.triggers.set(triggerId, now.time)
      throw error
    }
  }
  return [...due, ...(await dueDeliveries(desk))]
}

/** Learns of new triggers by their number, and of changed ones by their events. */
async function listen(desk: Desk, now: Now): Promise<void> {
  const { client, deployment, known, triggers } = desk
  const count = await Trigger.count(client, { deployment })
  if (now.time - known.sweptAt >= SWEEP_SECONDS) {
    known.sweptAt = now.time
    known.triggers = 0n
  }
  // Fewer than before: the chain was reorganised, or is another one.
  if (count < known.triggers) known.triggers = 0n
  for (let id = known.triggers + 1n; id <= count; id++) triggers.set(id, 0n)
  known.triggers = count

  const head = await client.getBlockNumber({ cacheTime: 0 })
  const from = known.block
  if (from !== undefined && (head < from || head - from > MOST_BLOCKS)) known.triggers = 0n
  else if (from !== undefined && head > from) {
    const address = deployment.triggerRegistry
    const logs = await client.getLogs({ address, fromBlock: from + 1n, toBlock: head })
    for (const { args } of parseEventLogs({ abi: TriggerRegistryAbi, logs }))
      if ('triggerId' in args && args.triggerId !== undefined) triggers.set(args.triggerId, 0n)
  }
  known.block = head
}

/** Looks at one trigger and notes when to look again. */
async function look(
  desk: Desk,
  { now, triggerId }: { now: Now; triggerId: bigint },
): Promise<Due | undefined> {
  const { client, deployment, triggers, unpaid } = desk
  const trigger = await Trigger.get(client, { blockTag: 'pending', deployment, triggerId })
  const { dueTick, kind, nextTick, sponsor, state } = trigger
  if (state === 'deactivated' || kind !== 'cron') return undefined
  if (state === 'paused' || (sponsor === undefined && !unpaid)) {
    triggers.set(triggerId, now.time + PATIENCE_SECONDS)
    return undefined
  }
  if (dueTick === undefined) {
    if (nextTick !== undefined) triggers.set(triggerId, nextTick)
    return undefined
  }
  triggers.set(triggerId, now.time + RETRY_SECONDS)
  return dueOf(trigger, { input: TriggerInput.ofTick(dueTick), key: dueTick })
}

/** Accepted deliveries that can run now; what can never run is closed. */
async function dueDeliveries(desk: Desk): Promise<readonly Due[]> {
  const { client, deployment, store, unpaid } = desk
  const { deliveries } = store
  const due: Due[] = []
  for (const { input, nonce, triggerId } of await deliveries.open()) {
    const reason = await Trigger.judge(client, { blockTag: 'pending', deployment, input, triggerId })
    if (reason === 'none') {
      const trigger = await Trigger.get(client, { blockTag: 'pending', deployment, triggerId })
      if (trigger.sponsor !== undefined || unpaid) due.push(dueOf(trigger, { input, key: nonce }))
    } else if (reason === 'already done') await deliveries.close(triggerId, nonce, { state: 'executed' })
    else if (!passing.includes(reason)) {
      desk.log.warn('delivery refused by the chain', { nonce, reason, triggerId })
      await deliveries.close(triggerId, nonce, { reason, state: 'refused' })
    }
  }
  return due
}

/** Reasons that may pass. */
export const passing: readonly Trigger.Reason[] = [
  'paused',
  'too early',
  'price too high',
  'not covered',
  'too little gas',
]

function dueOf(
  { gasLimit, sponsor, triggerId }: Trigger.Trigger,
  { input, key }: Pick<Due, 'input' | 'key'>,
): Due {
  return { gasLimit, input, key, maxGasPrice: sponsor?.maxGasPrice, triggerId }
}
