import { Trigger, TriggerInput } from '@jejunetwork/sdk'
import type { Hex } from 'viem'
import type { Desk } from './Desk.ts'
import { passing } from './Due.ts'
import type { Delivery } from './store/Store.ts'

/** What an HTTP client hears: a delivery's state, or a problem. */
export type Answer = { status: number; body: object } | Problem
export type Problem = { detail: string; status: number; reason?: Trigger.Reason }

/** Answers of the chain that cannot change: what a sender should hear instead of 202. */
const STATUS: Partial<Record<Trigger.Reason, number>> = {
  'bad signature': 401,
  'not found': 404,
  deactivated: 410,
  'too late': 410,
}

type Signed = TriggerInput.Delivery & { signature: Hex }

/** Takes a signed delivery if the chain would run it. It is on disk before the answer is 202; the same one is answered alike. */
export async function take(desk: Desk, delivery: Signed): Promise<Answer> {
  const { client, deployment, log, store } = desk
  const { nonce, triggerId } = delivery
  if (triggerId > (await Trigger.count(client, { deployment })))
    return { detail: `There is no trigger ${triggerId}.`, status: 404 }
  const { config } = await Trigger.get(client, { deployment, triggerId })
  if (config.kind !== 'webhook')
    return {
      detail: `Trigger ${triggerId} is a ${config.kind} trigger, which takes no deliveries.`,
      status: 409,
    }

  const input = TriggerInput.ofDelivery({ ...delivery, payloadMode: config.payload })
  const before = await store.deliveries.get(triggerId, nonce)
  if (before?.input === input) return known(before)

  const reason = await Trigger.judge(client, { blockTag: 'pending', deployment, input, triggerId })
  if (reason === 'already done') return { detail: 'Another delivery used this nonce.', reason, status: 409 }
  if (reason !== 'none' && !passing.includes(reason))
    return { detail: `The chain refuses this delivery: ${reason}.`, reason, status: STATUS[reason] ?? 422 }
  if ((await store.deliveries.add({ input, nonce, triggerId })).input !== input)
    return { detail: 'Another delivery has this nonce.', reason: 'already done', status: 409 }
  log.info('delivery accepted', { nonce, triggerId })
  return known({ nonce, reason: '', state: 'accepted', triggerId })
}

/** The answer for a delivery that was taken before. */
export function known(delivery: Omit<Delivery, 'input'>): Answer {
  return { body: shown(delivery), status: delivery.state === 'accepted' ? 202 : 200 }
}

export function shown({ nonce, reason, state, triggerId }: Omit<Delivery, 'input'>): object {
  return { nonce: String(nonce), ...(reason === '' ? {} : { reason }), state, trigger: String(triggerId) }
}
