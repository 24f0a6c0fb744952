import { AgentCall, isUnreachable, Trigger } from '@jejunetwork/sdk'
import { type Address, getAddress, hexToString, type LocalAccount } from 'viem'
import type { Desk } from '../Desk.ts'
import { StoreUnreachableError } from '../store/Database.ts'
import type { Call } from '../store/Store.ts'
import { ask } from './ask.ts'
import { createFindEndpoint, type FindEndpoint } from './findEndpoint.ts'

/** Calls under way at once, and of them those to one agent: a slow one must not keep the others waiting. */
const MOST = 32
const MOST_EACH = 4
/** Longer than an attempt takes, so that no other keeper makes the same one at the same time. */
const LEASE_MS = 60_000
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 600_000
const GONE = 410

export type Caller = {
  /** Begins what is due, as far as there is room, and does not wait for it. */
  run(): Promise<void>
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>
}

export function createCaller(desk: Desk, options: createCaller.Options): Caller {
  const { account, loopback, signal } = options
  const { log, store } = desk
  const findEndpoint = createFindEndpoint(desk, { loopback })
  const flying = new Set<Promise<void>>()
  const busy = new Map<Address, number>()
  const begin = async (call: Call) => {
    const { agent } = bodyOf(call)
    const others = busy.get(agent) ?? 0
    if (others >= MOST_EACH)
      return store.calls.postpone(call.id, { inMs: FIRST_PAUSE_MS, reason: call.reason })
    busy.set(agent, others + 1)
    try {
      await attempt(desk, { account, call, findEndpoint, loopback, signal })
    } catch (error) {
      // The chain or the store does not answer: the call comes back when its lease ends.
      if (!signal.aborted) log.warn('a call of an agent could not be made now', { error, id: call.id })
    } finally {
      busy.set(agent, (busy.get(agent) ?? 1) - 1)
      if (busy.get(agent) === 0) busy.delete(agent)
    }
  }
  return {
    async run() {
      if (flying.size >= MOST) return
      for (const call of await store.calls.take({ leaseMs: LEASE_MS, most: MOST - flying.size })) {
        const made = begin(call).finally(() => flying.delete(made))
        flying.add(made)
      }
    },
    async settled() {
      await Promise.allSettled(flying)
    },
  }
}

export declare namespace createCaller {
  type Options = { account: LocalAccount; loopback: boolean; signal: AbortSignal }
}

type Attempt = createCaller.Options & { call: Call; findEndpoint: FindEndpoint }

async function attempt(
  desk: Desk,
  { account, call, findEndpoint, loopback, signal }: Attempt,
): Promise<void> {
  const { deployment, log, store } = desk
  const { id, key, triggerId } = call
  const { agent, text } = bodyOf(call)
  const timestamp = BigInt(Math.floor(Date.now() / 1000))
  const headers = await AgentCall.sign(account, { body: text, call, deployment, timestamp })
  let answer: ask.Answer | Error
  try {
    answer = await ask(await findEndpoint(agent, { signal }), { body: text, headers, loopback, signal })
  } catch (error) {
    if (signal.aborted || isUnreachable(error) || error instanceof StoreUnreachableError) throw error
    answer = error instanceof Error ? error : new Error(String(error))
  }
  if (!(answer instanceof Error) && answer.status >= 200 && answer.status < 300) {
    await store.calls.end(id, { reason: `HTTP ${answer.status}`, state: 'done' })
    log.info('agent called', { key, status: answer.status, triggerId })
    return
  }
  await failed(desk, { answer, call })
}

/** Has it tried again while the agent's own patience lasts, and gives it up after that. */
async function failed(
  desk: Desk,
  { answer, call }: { answer: ask.Answer | Error; call: Call },
): Promise<void> {
  const { client, deployment, log, store } = desk
  const { id, key, triggerId } = call
  const reason = reasonOf(answer)
  const isGone = !(answer instanceof Error) && answer.status === GONE
  const { config } = await Trigger.get(client, { deployment, triggerId })
  const { timestamp } = await client.getBlock({ blockTag: 'pending' })
  const left = Number(bodyOf(call).time - timestamp) + (config.maxDelay ?? 0)
  const inMs = Math.max(pauseAfter(call.attempts), answer instanceof Error ? 0 : askedPause(answer))
  if (isGone || inMs > left * 1_000) {
    await store.calls.end(id, { reason, state: 'dead' })
    log.warn('call of an agent given up', { attempts: call.attempts, key, reason, triggerId })
    return
  }
  await store.calls.postpone(id, { inMs, reason })
  log.info('agent not reached, trying again', { attempts: call.attempts, inMs, key, reason, triggerId })
}

/** Twice as long each time, and somewhere in the upper half of it: agents that failed together are not called together. */
function pauseAfter(attempts: number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempts, 20))
  return Math.round(longest * (0.5 + Math.random() / 2))
}

/** What `Retry-After` asks for: seconds, or a date. */
export function askedPause({ headers }: Pick<ask.Answer, 'headers'>, now: number = Date.now()): number {
  const asked = headers['retry-after']
  if (asked === undefined) return 0
  if (/^\d{1,9}$/.test(asked)) return Number(asked) * 1_000
  const date = Date.parse(asked)
  return Number.isNaN(date) ? 0 : Math.max(0, date - now)
}

function reasonOf(answer: ask.Answer | Error): string {
  if (answer instanceof Error) return answer.message
  const isRedirect = answer.status >= 300 && answer.status < 400
  return `HTTP ${answer.status}${isRedirect ? ', a redirect, which is not followed' : ''}`
}

function bodyOf({ payload }: Call): { agent: Address; time: bigint; text: string } {
  const text = hexToString(payload)
  const { agent, time } = JSON.parse(text) as { agent: string; time: string }
  return { agent: getAddress(agent), text, time: BigInt(time) }
}
