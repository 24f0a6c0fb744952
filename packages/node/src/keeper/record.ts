import { TriggerRegistryAbi as abi, Trigger } from '@jejunetwork/sdk'
import { parseEventLogs, type TransactionReceipt } from 'viem'
import { eth } from '../money.ts'
import type { Desk } from './Desk.ts'
import { type Due, dueSince, nameOf } from './Due.ts'

/** Notes what ran, and looks at once at what comes next. */
export async function record(desk: Desk, { batch, receipt }: record.Options): Promise<void> {
  const { client, known, log, metrics, sender, store, triggers } = desk
  known.executed = { hash: receipt.blockHash, number: receipt.blockNumber }
  const runs = parseEventLogs({ abi, eventName: 'TriggerExecuted', logs: receipt.logs })
  const failures = parseEventLogs({ abi, eventName: 'TriggerFailed', logs: receipt.logs })
  const failed = new Set(failures.map(({ args }) => nameOf(args)))
  const { timestamp } = await client.getBlock({ blockHash: receipt.blockHash })
  for (const { args } of runs) {
    const { key, paid, triggerId } = args
    const success = !failed.has(nameOf(args))
    log.info(success ? 'executed' : 'executed; the call reverted', { key, paid: eth(paid), triggerId })
    const due = batch.find((one) => one.triggerId === triggerId && one.key === key)
    const kind = due?.kind ?? 'cron'
    metrics.add('executions_total', { labels: { kind, result: success ? 'success' : 'reverted' } })
    const since = due && dueSince(due)
    if (since !== undefined) metrics.observe('lag_seconds', Math.max(0, Number(timestamp - since)))
    const state = success ? 'executed' : 'failed'
    if (kind === 'webhook') await store.deliveries.close(triggerId, key, { state })
    if (kind === 'event') await store.logs.close(triggerId, key, { state })
    triggers.set(triggerId, 0n)
  }
  recordSkips(desk, receipt)
  await recordMissed(desk, { batch, receipt, time: timestamp })

  const paid = runs.reduce((sum, { args }) => sum + args.paid, 0n)
  const cost = receipt.gasUsed * receipt.effectiveGasPrice
  metrics.add('spent_wei_total', { value: Number(cost) })
  metrics.add('repaid_wei_total', { value: Number(paid) })
  const hash = receipt.transactionHash
  const money = { cost: eth(cost), earned: eth(paid - cost) }
  log.info('transaction mined', { ...money, executor: sender.address, hash })
}

export declare namespace record {
  type Options = { batch: readonly Due[]; receipt: TransactionReceipt }
}

function recordSkips({ log, metrics, triggers }: Desk, receipt: TransactionReceipt): void {
  for (const { args } of parseEventLogs({ abi, eventName: 'TriggerSkipped', logs: receipt.logs })) {
    const reason = Trigger.reasons[args.reason] ?? 'not found'
    log.info('skipped', { reason, triggerId: args.triggerId })
    metrics.add('skips_total', { labels: { reason } })
    triggers.set(args.triggerId, 0n)
  }
}

/** What each catch-up policy did with ticks that nobody ran in time: BACKFILL lets them expire, COALESCE folds them. */
async function recordMissed(
  { client, deployment, log, metrics }: Desk,
  { batch, receipt, time }: record.Options & { time: bigint },
): Promise<void> {
  for (const { args } of parseEventLogs({ abi, eventName: 'TicksExpired', logs: receipt.logs })) {
    log.warn('ticks expired before anybody ran them', args)
    metrics.add('missed_ticks_total', { labels: { policy: 'backfill' } })
  }
  for (const { folds, key, kind, triggerId } of batch) {
    if (kind !== 'cron' || !folds || time - key < MINUTE) continue
    const after = await Trigger.nextTicks(client, { after: key, deployment, runs: MOST_COUNTED, triggerId })
    const count = after.filter((tick) => tick <= time).length
    if (count === 0) continue
    log.info('missed ticks were folded into one run', { count, triggerId })
    metrics.add('missed_ticks_total', { labels: { policy: 'coalesce' }, value: count })
  }
}

const MINUTE = 60n
/** Each costs a question; of a long outage it is enough to know that much was missed. */
const MOST_COUNTED = 5
