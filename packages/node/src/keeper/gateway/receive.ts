import { TriggerInput } from '@jejunetwork/sdk'
import { bytesToHex, type Hex, hexToBigInt, keccak256, slice, toHex } from 'viem'
import type { Desk } from '../Desk.ts'
import { type Answer, known, take } from '../take.ts'
import type { Hook } from './HookFile.ts'

/** A message of Standard Webhooks that was found authentic. */
export type Message = { id: string; body: Buffer }

/**
 * Signs an authentic message again as a delivery of its hook's trigger, and takes that. The trigger's agent trusts this process to
 * do no more; on chain the delivery is one of the agent's key.
 */
export async function receive(desk: Desk, options: receive.Options): Promise<Answer> {
  const { hook, message } = options
  const draft = { nonce: nonceOf(message.id), payload: bytesToHex(message.body), triggerId: hook.trigger }
  const before = await answered(desk, draft)
  if (before !== undefined) return before

  const answer = await takeSigned(desk, { draft, hook })
  if (!('reason' in answer) || answer.reason !== 'already done') return answer
  // The same message came twice at once; or the books are lost, and the chain alone remembers.
  const { nonce, triggerId } = draft
  return (await answered(desk, draft)) ?? known({ nonce, reason: '', state: 'executed', triggerId })
}

export declare namespace receive {
  type Options = { hook: Hook; message: Message }
}

/**
 * One id, one nonce: the chain itself keeps a message from running twice, whichever gateway it is sent to and whatever of the
 * books is lost. Counting up would cost 17,100 gas less, for which all gateways of a trigger would need one book.
 */
export function nonceOf(id: string): bigint {
  return hexToBigInt(slice(keccak256(toHex(id)), 0, 8))
}

type Draft = { nonce: bigint; payload: Hex; triggerId: bigint }

/** What the sender of this message heard before, if it is one that was taken. */
async function answered({ store }: Desk, { nonce, payload, triggerId }: Draft): Promise<Answer | undefined> {
  const before = await store.deliveries.get(triggerId, nonce)
  if (before === undefined) return undefined
  const stored = TriggerInput.parse('webhook', before.input)
  if ('payload' in stored && [payload, keccak256(payload)].includes(stored.payload)) return known(before)
  return {
    detail: 'Another message had this webhook-id, which is for one message and its retries.',
    status: 409,
  }
}

async function takeSigned(desk: Desk, { draft, hook }: { draft: Draft; hook: Hook }): Promise<Answer> {
  const { client, deployment } = desk
  // The chain's time, not this machine's: by it a delivery is too early or too late.
  const { timestamp } = await client.getBlock({ blockTag: 'pending' })
  const delivery = { ...draft, timestamp }
  const signature = await TriggerInput.signDelivery(hook.account, { ...delivery, deployment })
  const answer = await take(desk, { ...delivery, signature })
  if (!('reason' in answer) || answer.reason !== 'bad signature') return answer
  const mend = `jeju-compute keeper webhook add ${hook.trigger}`
  return {
    detail: `The key of trigger ${hook.trigger} is not this gateway's; its agent makes it so with \`${mend}\`.`,
    status: 409,
  }
}
