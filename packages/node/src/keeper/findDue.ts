import { isUnreachable, Trigger, TriggerInput } from '@jejunetwork/sdk'
import type { Desk, Now } from './Desk.ts'
import { type Due, dueOf, passing } from './Due.ts'
import { listen } from './heads.ts'

const PAGE = 50
/** What waits for an event, like a sponsor, is looked at this often without one. */
const PATIENCE_SECONDS = 600n
/** When to look again at what is due and did not run. */
const RETRY_SECONDS = 10n

/** What the chain says is due now, from its state alone; events only say where to look first. */
export async function findDue(desk: Desk, now: Now): Promise<readonly Due[]> {
  await listen(desk, now)
  const due: Due[] = []
  const ids = desk.triggers.take(now.time)
  for (let at = 0; at < ids.length; at += PAGE) {
    const page = ids.slice(at, at + PAGE)
    try {
      for (const found of await Promise.all(page.map((triggerId) => tryToLook(desk, { now, triggerId }))))
        if (found !== undefined) due.push(found)
    } catch (error) {
      for (const triggerId of ids.slice(at)) desk.triggers.set(triggerId, now.time)
      throw error
    }
  }
  return [...due, ...(await dueDeliveries(desk))]
}

/** What a stranger made of one trigger must not keep the others from running. */
async function tryToLook(desk: Desk, options: Looking): Promise<Due | undefined> {
  try {
    return await look(desk, options)
  } catch (error) {
    if (isUnreachable(error)) throw error
    const { now, triggerId } = options
    desk.log.warn('a trigger cannot be read', { error, triggerId })
    desk.triggers.set(triggerId, now.time + RETRY_SECONDS)
    return undefined
  }
}

type Looking = { now: Now; triggerId: bigint }

/** Looks at one trigger and notes when to look again. */
async function look(desk: Desk, { now, triggerId }: Looking): Promise<Due | undefined> {
  const { client, deployment, triggers, unpaid } = desk
  const trigger = await Trigger.get(client, { blockTag: 'pending', deployment, triggerId })
  const { config, dueTick, kind, nextTick, sponsor, state } = trigger
  const isPaid = sponsor !== undefined || unpaid
  const isHere = config.kind === 'event' && config.otherChain === undefined
  if (isHere && isPaid && state !== 'deactivated') desk.watched.set(triggerId, config)
  else desk.watched.delete(triggerId)
  if (state === 'deactivated' || kind !== 'cron') return undefined
  if (state === 'paused' || !isPaid) {
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
