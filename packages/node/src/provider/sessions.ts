import { Rental } from '@jejunetwork/sdk'
import type { ParsedKey } from 'ssh2'
import { keccak256, stringToHex } from 'viem'
import { isLocalChain } from '../isLocalChain.ts'
import type { Journal } from '../journal.ts'
import { collect } from './collect.ts'
import { watchHead } from './head.ts'
import type { Runtime } from './runtime/Runtime.ts'
import type { Seen, Shop } from './Shop.ts'
import { serve } from './serveSession.ts'
import { openSessionRows, type SessionRow, type SessionRows } from './sessionRows.ts'
import { parsePublicKey } from './ssh/keys.ts'

const PAGE = 50n

/** A chain can take back what it said a moment ago; so long a machine stays after its session is over. */
const SETTLED_MS = 60_000

const RETRY_MS = 5_000

/** The rentals of this provider: what the chain says should run × what runs × what was done before. */
export type Sessions = {
  /** One look at the chain and the machines; starts what differs. Safe to call at any time, and twice. */
  pass(signal: AbortSignal): Promise<void>
  /** Resolves when nothing that a pass started is under way. */
  settled(): Promise<void>
  /** The key that may enter a session now. */
  keyOf(sessionId: bigint): ParsedKey | undefined
  stateOf(sessionId: bigint): Sessions.State | undefined
  /** How many machines are given out, and how many there can be. */
  load(): { used: number; capacity: number }
}

export declare namespace Sessions {
  type State = { status: Rental.Status; reason: string; ready: boolean }
}

/** What the node knows between two looks; all of it can be found out again. */
type Floor = {
  /** Sessions that can be entered. */
  ready: Set<bigint>
  /** Sessions that something is being done for. */
  busy: Map<bigint, Promise<void>>
  /** Machines that no session needs, and since when. */
  idle: Map<bigint, number>
  /** Sessions that something failed for, and when to try again. */
  later: Map<bigint, number>
  /** Sessions that a machine is there or kept room for. */
  places: Set<bigint>
}

/** Opens what is known of this provider's sessions; renters of machines that still run can enter at once. */
export async function openSessions(options: openSessions.Options): Promise<Sessions> {
  const { capacity, client, deployment, providerId, runtime } = options
  const genesis = await client.getBlock({ blockNumber: 0n })
  const chain = `${deployment.chainId} ${deployment.computeRental} ${providerId} ${genesis.hash}`
  const rows = openSessionRows(options.journal, { chain })
  const floor: Floor = {
    busy: new Map(),
    idle: new Map(),
    later: new Map(),
    places: new Set(),
    ready: new Set(),
  }
  const takePlace = (sessionId: bigint) => {
    if (!floor.places.has(sessionId) && floor.places.size >= capacity) return false
    floor.places.add(sessionId)
    return true
  }
  const assertFresh = watchHead(deployment)
  const shop: Shop = { ...options, rows, takePlace, tokens: new Map(), tries: new Map() }

  // Renters can come back before the chain can be asked again.
  for (const machine of await runtime.list()) {
    floor.places.add(machine.sessionId)
    if (rows.get(machine.sessionId)?.tenant === machine.tenant) floor.ready.add(machine.sessionId)
  }

  return {
    keyOf: (sessionId) => (floor.ready.has(sessionId) ? keyOf(rows.get(sessionId)) : undefined),
    load: () => ({ capacity, used: floor.places.size }),
    async pass(signal) {
      const { number: blockNumber, timestamp } = await client.getBlock()
      assertFresh(Number(timestamp))
      const machines = new Map((await runtime.list()).map((machine) => [machine.sessionId, machine]))
      const look = { machines, now: Number(timestamp) }
      const sessions = await read(shop, { ...look, blockNumber })
      signal.throwIfAborted()
      arrange(shop, { ...look, floor, onEnd: options.onEnd, sessions })
      await collect(shop, { ...look, sessions: [...sessions.values()] })
    },
    async settled() {
      while (floor.busy.size > 0) await Promise.all(floor.busy.values())
    },
    stateOf(sessionId) {
      const row = rows.get(sessionId)
      return row && { ready: floor.ready.has(sessionId), reason: row.reason, status: row.status }
    },
  }
}

export declare namespace openSessions {
  type Options = Omit<Shop, 'rows' | 'takePlace' | 'tokens' | 'tries'> & {
    journal: Journal
    /** So many machines fit. */
    capacity: number
    /** A session that ran is over: cut its connections. */
    onEnd(sessionId: bigint): void
  }
}

type Look = { machines: Map<bigint, Runtime.Machine>; now: number }

/** Starts what brings the machines in line with the sessions. */
function arrange(
  shop: Shop,
  look: Look & { floor: Floor; onEnd: (sessionId: bigint) => void; sessions: Map<bigint, Seen> },
): void {
  const { floor, machines, onEnd, sessions } = look
  const { busy, idle, places, ready } = floor
  for (const place of places) if (!machines.has(place) && !busy.has(place)) places.delete(place)
  for (const sessionId of machines.keys()) places.add(sessionId)

  for (const session of sessions.values()) {
    const { isOpen, sessionId, status, tenant } = session
    const machine = machines.get(sessionId)
    const isServed = status === 'running' && machine?.running === true && machine.tenant === tenant
    if (isServed) ready.add(sessionId)
    else if (ready.delete(sessionId) && status !== 'running') onEnd(sessionId)
    if (isOpen) idle.delete(sessionId)
    if (isOpen && !isServed) launch(shop, { floor, sessionId, work: () => serve(shop, session) })
  }

  const patience = isLocalChain(shop.deployment.chainId) ? 0 : SETTLED_MS
  for (const sessionId of machines.keys()) {
    if (sessions.get(sessionId)?.isOpen || busy.has(sessionId)) continue
    // Two looks in a row must find it needless, and the chain must have had time to change its mind.
    const since = idle.get(sessionId)
    if (since === undefined) idle.set(sessionId, Date.now())
    else if (Date.now() - since >= patience) {
      ready.delete(sessionId)
      onEnd(sessionId)
      launch(shop, { floor, sessionId, work: () => remove(shop, sessionId) })
    }
  }
  for (const sessionId of idle.keys()) if (!machines.has(sessionId)) idle.delete(sessionId)
}

function launch(
  { log, signal }: Shop,
  { floor, sessionId, work }: { floor: Floor; sessionId: bigint; work: () => Promise<void> },
): void {
  const { busy, later } = floor
  if (busy.has(sessionId) || Date.now() < (later.get(sessionId) ?? 0)) return
  const run = work()
    .then(() => void later.delete(sessionId))
    .catch((error: unknown) => {
      later.set(sessionId, Date.now() + RETRY_MS)
      if (!signal.aborted) log.warn('session not looked after yet', { error, retryMs: RETRY_MS, sessionId })
    })
    .finally(() => busy.delete(sessionId))
  busy.set(sessionId, run)
}

async function remove({ log, runtime }: Shop, sessionId: bigint): Promise<void> {
  await runtime.destroy(sessionId)
  log.info('machine removed', { sessionId })
}

/** All sessions that may need something, at one block. Throws rather than leave one out. */
async function read(
  shop: Shop,
  { blockNumber, machines, now }: Look & { blockNumber: bigint },
): Promise<Map<bigint, Seen>> {
  const { client, deployment, providerId, rows } = shop
  const ids = new Set([
    ...rows.open().map((row) => row.sessionId),
    ...machines.keys(),
    ...(await newcomers(shop, blockNumber)),
  ])
  const seen = await Promise.all(
    [...ids].map(async (sessionId): Promise<Seen | undefined> => {
      if ((await Rental.statusOf(client, { blockNumber, deployment, sessionId })) === 'none') return undefined
      const session = await Rental.get(client, { blockNumber, deployment, sessionId })
      if (session.providerId !== providerId) return undefined
      const isOpen =
        session.status === 'running' || (session.status === 'pending' && now <= session.activateBy)
      return { ...session, isOpen, tenant: tenantOf(session) }
    }),
  )
  const sessions = seen.filter((session) => session !== undefined)
  // Oldest first: the walk for newcomers ends at the newest that was written down, also when a crash comes in between.
  sessions.sort((a, b) => (a.sessionId < b.sessionId ? -1 : 1))
  for (const session of sessions) remember(rows, { now, session })
  return new Map(sessions.map((session) => [session.sessionId, session]))
}

/** Ids that are not in the journal yet. The list is newest first, so that the first known one ends the walk. */
async function newcomers(
  { client, deployment, providerId, rows }: Shop,
  blockNumber: bigint,
): Promise<bigint[]> {
  const ids: bigint[] = []
  let cursor: bigint | undefined
  do {
    const page = await Rental.list(client, { blockNumber, cursor, deployment, limit: PAGE, providerId })
    for (const sessionId of page.sessionIds) {
      if (rows.get(sessionId) !== undefined) return ids
      ids.push(sessionId)
    }
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return ids
}

function remember(rows: SessionRows, { now, session }: { now: number; session: Seen }): void {
  const { isOpen, sessionId, sshPublicKey, status, tenant } = session
  const before = rows.get(sessionId)
  const same = before?.tenant === tenant ? before : undefined
  const row: SessionRow = {
    closedAt: isOpen ? 0 : same?.closedAt || now,
    done: same?.done ?? false,
    endTime: Number(session.endTime),
    reason: same?.reason ?? '',
    sessionId,
    sshPublicKey,
    status,
    tenant,
    terminated: same?.terminated ?? false,
  }
  if (JSON.stringify({ ...row, sessionId: '' }) !== JSON.stringify(before && { ...before, sessionId: '' }))
    rows.put(row)
}

/** Whose machine it is: the same person with the same key may go on with it, nobody else. */
function tenantOf({ renter, sshPublicKey }: Rental.Session): string {
  return keccak256(stringToHex(`${renter.toLowerCase()} ${sshPublicKey}`))
}

/** While the chain cannot be asked, a session is believed until the end that was last known. */
function keyOf(row: SessionRow | undefined): ParsedKey | undefined {
  if (row === undefined || row.status !== 'running' || Date.now() > row.endTime * 1000) return undefined
  const parsed = parsePublicKey(row.sshPublicKey)
  return 'key' in parsed ? parsed.key : undefined
}
