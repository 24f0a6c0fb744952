import { LogPlace, Trigger, type TriggerConfig, TriggerInput } from '@jejunetwork/sdk'
import { type Hash, type Hex, isAddressEqual, type Log } from 'viem'
import type { Desk, Head } from '../Desk.ts'
import { stands } from '../heads.ts'
import { readLogs } from './readLogs.ts'

/** The registry can prove logs of so many blocks back (EIP-2935). */
const REACH = 8_191n
/** A reorganisation reaches back this far at most: two epochs, after which Ethereum's blocks are final. */
const REORGANISED = 64n
/** A node behind a balancer may answer before it has the newest blocks' logs: they are read again. */
const OVERLAP = 4n
/** Asked for in one request at most. */
const MOST_ADDRESSES = 100

type Found = { key: bigint; log: Log }

/** Finds the logs that event triggers wait for, from where it was left off, and stores them. */
export async function watchLogs(desk: Desk, head: Head): Promise<void> {
  const { store, watched } = desk
  const positions = await store.cursors.get([...watched.keys()].map(nameOf))
  const starts = new Map<bigint, bigint>()
  for (const triggerId of watched.keys()) {
    const position = positions.get(nameOf(triggerId))
    starts.set(triggerId, await startOf(desk, { head, position, triggerId }))
  }
  const groups = Map.groupBy(watched.keys(), (triggerId) => starts.get(triggerId) ?? head.number)
  for (const [from, triggerIds] of groups)
    for (let at = 0; at < triggerIds.length; at += MOST_ADDRESSES)
      await watchGroup(desk, { from, head, triggerIds: triggerIds.slice(at, at + MOST_ADDRESSES) })
}

const nameOf = (triggerId: bigint) => `logs ${triggerId}`

async function watchGroup(
  desk: Desk,
  { from, head, triggerIds }: { from: bigint; head: Head; triggerIds: readonly bigint[] },
): Promise<void> {
  const { client, log, store, watched } = desk
  const configs = triggerIds.flatMap((triggerId) => {
    const config = watched.get(triggerId)
    return config === undefined ? [] : [{ config, triggerId }]
  })
  const filter = filterOf(configs.map(({ config }) => config))
  for await (const { logs, upTo } of readLogs(desk, { filter, from, to: head.number })) {
    const wanted = logs.filter((one) => configs.some(({ config }) => isWanted(one, config)))
    const found = await placesOf(desk, wanted)
    const additions = found.flatMap((one) =>
      configs.flatMap(({ config, triggerId }) =>
        isWanted(one.log, config) ? [{ key: one.key, triggerId }] : [],
      ),
    )
    // First the logs, then how far was read: a crash in between reads them again.
    const count = await store.logs.add(additions)
    if (count > 0) log.info('logs found', { count, upTo })
    const { hash } = upTo === head.number ? head : await client.getBlock({ blockNumber: upTo })
    await store.cursors.set(triggerIds.map(nameOf), `${upTo} ${hash}`)
  }
}

/** The first block whose logs are still to be read: where it was left, or the trigger's creation; as far as can be proven. */
async function startOf(
  desk: Desk,
  { head, position, triggerId }: { head: Head; position: string | undefined; triggerId: bigint },
): Promise<bigint> {
  const reachable = head.number > REACH ? head.number - REACH : 0n
  if (position === undefined)
    return first(
      reachable,
      head.number,
      async (number) => (await judgeBlock(desk, { number, triggerId })) !== 'too late',
    )

  const [number = '0', hash] = position.split(' ')
  const at = { hash: hash as Hash, number: BigInt(number) }
  const isThere = at.number === head.number ? at.hash === head.hash : (await stands(desk, at)) === 'yes'
  const back = isThere ? OVERLAP : REORGANISED
  const next = at.number >= back ? at.number - back + 1n : 0n
  if (head.number - next <= REORGANISED) return next

  // It was away for long: what is older than the trigger's patience would be refused.
  const maxDelay = BigInt(desk.watched.get(triggerId)?.maxDelay ?? 0)
  const isFresh = async (blockNumber: bigint) =>
    (await desk.client.getBlock({ blockNumber })).timestamp + maxDelay >= head.timestamp
  const start = await first(next > reachable ? next : reachable, head.number, isFresh)
  if (start > next)
    desk.log.warn('logs of these blocks come too late', { from: next, to: start - 1n, triggerId })
  return start
}

/** What the registry says of a log in this block, before it looks at a proof. */
async function judgeBlock(
  { client, deployment }: Desk,
  { number, triggerId }: { number: bigint; triggerId: bigint },
): Promise<Trigger.Reason> {
  const input = TriggerInput.ofLog({ logIndex: 0xffff_ffff, number, proof: '0x', transactionIndex: 0 })
  return Trigger.judge(client, { blockTag: 'pending', deployment, input, triggerId })
}

/** The first number for which it holds, where it holds for all after that; `most` if for none before. */
async function first(
  least: bigint,
  most: bigint,
  holds: (number: bigint) => Promise<boolean>,
): Promise<bigint> {
  let [low, high] = [least, most]
  while (low < high) {
    const middle = (low + high) / 2n
    if (await holds(middle)) high = middle
    else low = middle + 1n
  }
  return low
}

function filterOf(configs: readonly TriggerConfig.EventConfig[]): readLogs.Filter {
  const firsts = configs.map(({ topics }) => topics?.[0] ?? null)
  const topics = firsts.includes(null) ? [] : [[...new Set(firsts as Hex[])]]
  return { address: [...new Set(configs.map(({ emitter }) => emitter))], topics }
}

function isWanted(
  { address, topics }: Log,
  { emitter, topics: wanted = [] }: TriggerConfig.EventConfig,
): boolean {
  return (
    isAddressEqual(address, emitter) && wanted.every((topic, at) => topic === null || topic === topics[at])
  )
}

/** Where logs are, as the registry counts: within their receipts, and not, as a node does, within their block. */
async function placesOf({ client }: Desk, logs: readonly Log[]): Promise<readonly Found[]> {
  const receipts = new Map<Hash, readonly Log[]>()
  const found: Found[] = []
  for (const log of logs) {
    const { blockNumber, transactionHash: hash, transactionIndex } = log
    if (blockNumber === null || hash === null || transactionIndex === null) continue
    const all = receipts.get(hash) ?? (await client.getTransactionReceipt({ hash })).logs
    receipts.set(hash, all)
    const logIndex = all.findIndex((one) => one.logIndex === log.logIndex)
    if (logIndex >= 0)
      found.push({ key: LogPlace.keyOf({ logIndex, number: blockNumber, transactionIndex }), log })
  }
  return found
}
