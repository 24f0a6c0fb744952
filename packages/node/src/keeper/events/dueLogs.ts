import { isUnreachable, LogPlace, ReceiptProof, Trigger, TriggerInput } from '@jejunetwork/sdk'
import type { Hex } from 'viem'
import { type Desk, type Head, nowOf } from '../Desk.ts'
import { type Due, dueOf, nameOf, passing, REST_SECONDS } from '../Due.ts'
import { stands } from '../heads.ts'

/** Until a block is this old, what is found in it may change. */
const PATIENCE_BLOCKS = 64n
/** What a node says that lags behind, or while the chain is being reorganised. */
const unsettled: readonly Trigger.Reason[] = ['unknown block', 'bad proof', 'other log']
const MOST_BLOCKS_KEPT = 64

/** Found logs that can run now, with their proofs; what can never run is closed. */
export async function dueLogs(desk: Desk, head: Head): Promise<readonly Due[]> {
  const due: Due[] = []
  const { time } = await nowOf(desk.client)
  for (const { key, triggerId } of await desk.store.logs.open()) {
    if ((desk.resting.get(nameOf({ key, triggerId })) ?? 0n) > time) continue
    try {
      const { input, reason } = await look(desk, { key, triggerId })
      if (reason !== 'none') await settle(desk, { head, key, reason, time, triggerId })
      else due.push(...(await payable(desk, { input, key, triggerId })))
    } catch (error) {
      // One log, of which a stranger chose what is in it, must not keep the others from running.
      if (isUnreachable(error)) throw error
      desk.log.warn('a log could not be proven; it is tried again', { error, key, triggerId })
    }
  }
  return due
}

type Place = { key: bigint; triggerId: bigint }

async function look(desk: Desk, { key, triggerId }: Place): Promise<{ input: Hex; reason: Trigger.Reason }> {
  // Without a proof it is told whether it would be worth making one.
  const bare = inputOf(key, '0x')
  const before = await judge(desk, { input: bare, triggerId })
  const proof = before === 'bad proof' ? await proofOf(desk, key) : undefined
  if (proof === undefined) return { input: bare, reason: before }
  const input = inputOf(key, proof)
  return { input, reason: await judge(desk, { input, triggerId }) }
}

async function payable(
  { client, deployment, unpaid }: Desk,
  { input, key, triggerId }: Place & { input: Hex },
): Promise<readonly Due[]> {
  const trigger = await Trigger.get(client, { blockTag: 'pending', deployment, triggerId })
  return trigger.sponsor !== undefined || unpaid ? [dueOf(trigger, { input, key })] : []
}

/** Closes what ran, and what can never run. */
async function settle(
  { log, resting, store }: Desk,
  { head, key, reason, time, triggerId }: Place & { head: Head; reason: Trigger.Reason; time: bigint },
): Promise<void> {
  if (reason === 'already done') return store.logs.close(triggerId, key, { state: 'executed' })
  const isNew = LogPlace.ofKey(key).number + PATIENCE_BLOCKS > head.number
  if (unsettled.includes(reason) && isNew) return
  if (passing.includes(reason)) {
    resting.set(nameOf({ key, triggerId }), time + REST_SECONDS)
    return
  }
  log.warn('log refused by the chain', { key, reason, triggerId })
  await store.logs.close(triggerId, key, { reason, state: 'refused' })
}

const judge = ({ client, deployment }: Desk, options: { input: Hex; triggerId: bigint }) =>
  Trigger.judge(client, { blockTag: 'pending', deployment, ...options })

/** The proof of what is at this place now; undefined if there is nothing, after a reorganisation. */
async function proofOf(desk: Desk, key: bigint): Promise<Hex | undefined> {
  const { client, proven } = desk
  const { logIndex, number, transactionIndex } = LogPlace.ofKey(key)
  const kept = proven.get(number)
  const isThere = kept !== undefined && (await stands(desk, kept)) === 'yes'
  const block = isThere ? kept : await ReceiptProof.ofBlock(client, { blockNumber: number })
  proven.set(number, block)
  const [oldest] = proven.keys()
  if (proven.size > MOST_BLOCKS_KEPT && oldest !== undefined) proven.delete(oldest)
  return block.logs[transactionIndex]?.[logIndex] === undefined ? undefined : block.proofOf(transactionIndex)
}

const inputOf = (key: bigint, proof: Hex) => TriggerInput.ofLog({ ...LogPlace.ofKey(key), proof })
