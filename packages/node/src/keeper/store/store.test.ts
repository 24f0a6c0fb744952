import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Postgres, startPostgres } from '../../../../../test/postgres.ts'
import { createLog } from '../../log.ts'
import { openPostgresStore } from './postgres.ts'
import type { Store } from './Store.ts'
import { openSqliteStore } from './sqlite.ts'

const LANE = `0x${'a1'.repeat(20)}` as const
const OTHER = `0x${'b2'.repeat(20)}` as const

let postgres: Postgres
let schemas = 0

beforeAll(async () => {
  postgres = await startPostgres()
}, 60_000)
afterAll(() => postgres?.close())

/** How each kind is opened; what is opened with the same name is the same store. */
const kinds = { PostgreSQL: openPostgres, SQLite: openSqlite }

describe.each(Object.keys(kinds) as (keyof typeof kinds)[])('a store on %s', (kind) => {
  test('keeps what lanes signed, by nonce, each lane for itself', async () => {
    const store = await kinds[kind]()
    const [outbox, other] = [store.outboxOf(LANE), store.outboxOf(OTHER)]
    const most = { maxFeePerGas: 10n ** 20n, maxPriorityFeePerGas: 1n }
    await outbox.put({ most: undefined, nonce: 2, signed: '0x02' })
    await outbox.put({ most, nonce: 1, signed: '0x01' })
    await outbox.put({ most, nonce: 1, signed: '0x01' })
    await outbox.put({ most, nonce: 1, signed: '0x0101' })
    await other.put({ most, nonce: 1, signed: '0x03' })

    expect(await outbox.open()).toEqual([
      { most, nonce: 1, signed: '0x01' },
      { most, nonce: 1, signed: '0x0101' },
      { most: undefined, nonce: 2, signed: '0x02' },
    ])
    await outbox.close(1)
    expect((await outbox.open()).map((entry) => entry.nonce)).toEqual([2])
    expect(await other.open()).toHaveLength(1)
  })

  test('keeps a delivery once, whatever comes with its nonce later', async () => {
    const { deliveries } = await kinds[kind]()
    const first = { input: '0x01', nonce: 2n ** 64n - 1n, triggerId: 7n } as const
    expect(await deliveries.add(first)).toMatchObject({ ...first, state: 'accepted' })
    expect(await deliveries.add({ ...first, input: '0x02' })).toMatchObject({ input: '0x01' })
    await deliveries.add({ ...first, nonce: 1n })
    expect((await deliveries.open()).map(({ nonce }) => nonce)).toEqual([first.nonce, 1n])

    await deliveries.close(7n, first.nonce, { reason: 'too late', state: 'refused' })
    expect(await deliveries.get(7n, first.nonce)).toMatchObject({ reason: 'too late', state: 'refused' })
    expect(await deliveries.open()).toHaveLength(1)
    expect(await deliveries.get(8n, 1n)).toBeUndefined()
  })

  test('has a call tried until it is done, one taker at a time', async () => {
    const { calls } = await kinds[kind]()
    const call = { id: '1-60', key: 2n ** 100n, payload: '0x', triggerId: 1n } as const
    await calls.add(call)
    await calls.add({ ...call, payload: '0x01' })
    const [taken] = await calls.take({ leaseMs: 60_000, most: 5 })
    expect(taken).toEqual({ ...call, attempts: 1, reason: '', state: 'open' })
    expect(await calls.take({ leaseMs: 60_000, most: 5 })).toEqual([])

    await calls.postpone(call.id, { inMs: 0, reason: 'answered 503' })
    expect(await calls.take({ leaseMs: 60_000, most: 5 })).toMatchObject([
      { attempts: 2, reason: 'answered 503' },
    ])
    await calls.end(call.id, { reason: 'answered 410', state: 'dead' })
    expect(await calls.dead({ most: 5 })).toMatchObject([{ id: call.id, reason: 'answered 410' }])
    expect(await calls.take({ leaseMs: 0, most: 5 })).toEqual([])

    expect(await calls.replay(call.id)).toBe(true)
    expect(await calls.replay(call.id)).toBe(false)
    expect(await calls.take({ leaseMs: 60_000, most: 5 })).toMatchObject([{ attempts: 1 }])
    await calls.end(call.id, { reason: '', state: 'done' })
    expect(await calls.get(call.id)).toMatchObject({ state: 'done' })
    expect(await calls.dead({ most: 5 })).toEqual([])
  })

  test('a call whose taker died is taken again', async () => {
    const { calls } = await kinds[kind]()
    await calls.add({ id: 'x', key: 1n, payload: '0x', triggerId: 1n })
    expect(await calls.take({ leaseMs: 30, most: 1 })).toHaveLength(1)
    await expect.poll(() => calls.take({ leaseMs: 30, most: 1 })).toMatchObject([{ attempts: 2 }])
  })

  test('keeps the logs that were found, and opens them again only when asked', async () => {
    const { deliveries, logs, reopen } = await kinds[kind]()
    const [first, second] = [
      { key: (3n << 64n) + 1n, triggerId: 1n },
      { key: 4n << 64n, triggerId: 2n },
    ]
    await logs.add([first, second])
    await logs.close(1n, first.key, { state: 'executed' })
    await logs.add([first])
    expect(await logs.open()).toEqual([{ ...second, reason: '', state: 'found' }])
    await deliveries.add({ input: '0x', nonce: 1n, triggerId: 3n })
    await deliveries.close(3n, 1n, { state: 'executed' })
    await wait(5)
    await reopen(0)
    expect(await logs.open()).toHaveLength(1)
    await reopen(60_000)
    expect(await logs.open()).toHaveLength(2)
    expect(await deliveries.open()).toHaveLength(1)
  })

  test('lets no trigger with many logs hide those of another', async () => {
    const { logs } = await kinds[kind]()
    await logs.add(Array.from({ length: 520 }, (_, at) => ({ key: BigInt(at), triggerId: 1n })))
    await logs.add([
      { key: 9n, triggerId: 2n },
      { key: 8n, triggerId: 2n },
    ])
    const open = await logs.open()
    expect(open.slice(0, 4).map(({ key, triggerId }) => [triggerId, key])).toEqual([
      [1n, 0n],
      [2n, 9n],
      [1n, 1n],
      [2n, 8n],
    ])
    expect(open.length).toBeLessThan(520)
  })

  test('gives work to one holder, until it is given back or time is up', async () => {
    const { leases } = await kinds[kind]()
    const [one, two] = [
      { holder: 'one', leaseMs: 60_000 },
      { holder: 'two', leaseMs: 60_000 },
    ]
    expect(await leases.take(['a', 'b'], one)).toEqual(new Set(['a', 'b']))
    expect(await leases.take(['b', 'c'], two)).toEqual(new Set(['c']))
    expect(await leases.take(['a'], one), 'its own again').toEqual(new Set(['a']))
    await leases.release(['a', 'c'], one)
    expect(await leases.take(['a', 'b', 'c'], two)).toEqual(new Set(['a', 'c']))
    expect(await leases.take(['d'], { ...one, leaseMs: 20 })).toEqual(new Set(['d']))
    await expect.poll(() => leases.take(['d'], two)).toEqual(new Set(['d']))
    expect(await leases.take([], one)).toEqual(new Set())
  })

  test('keeps positions by name', async () => {
    const { cursors } = await kinds[kind]()
    expect(await cursors.get(['a'])).toEqual(new Map())
    await cursors.set(['a', 'b'], '5')
    await cursors.set(['b'], '6')
    expect(await cursors.get(['a', 'b', 'c'])).toEqual(
      new Map([
        ['a', '5'],
        ['b', '6'],
      ]),
    )
  })

  test('forgets what is long over, and nothing that is open', async () => {
    const { calls, deliveries, forget, leases, logs } = await kinds[kind]()
    await deliveries.add({ input: '0x', nonce: 1n, triggerId: 1n })
    await deliveries.add({ input: '0x', nonce: 2n, triggerId: 1n })
    await deliveries.close(1n, 2n, { state: 'executed' })
    await calls.add({ id: 'x', key: 1n, payload: '0x', triggerId: 1n })
    await logs.add([{ key: 1n, triggerId: 1n }])
    await leases.take(['a'], { holder: 'one', leaseMs: 1 })
    await forget(60_000)
    expect(await deliveries.get(1n, 2n)).toBeDefined()
    await wait(5)
    await forget(0)
    expect(await deliveries.get(1n, 2n)).toBeUndefined()
    expect(await deliveries.open()).toHaveLength(1)
    expect(await calls.get('x')).toBeDefined()
    expect(await logs.open()).toHaveLength(1)
  })

  test('is there again after it was closed', async () => {
    const store = await kinds[kind]('same')
    await store.cursors.set(['a'], '1')
    await store.outboxOf(LANE).put({ most: undefined, nonce: 1, signed: '0x01' })
    await store.close()
    const next = await kinds[kind]('same')
    expect(await next.cursors.get(['a'])).toEqual(new Map([['a', '1']]))
    expect(await next.outboxOf(LANE).open()).toHaveLength(1)
  })
})

test('a file is held by one process or none', async () => {
  await openSqlite('held')
  expect(openSqliteStore(join(folder(), 'held'))).toBeUndefined()
})

test('a database lets a lane to one process, and work of many is shared without waiting', async () => {
  const [one, two] = [await openPostgres('shared'), await openPostgres('shared')]
  expect(await one.holdLane(LANE)).toBe(true)
  expect(await two.holdLane(LANE)).toBe(false)
  expect(await two.holdLane(OTHER)).toBe(true)

  const work = Array.from({ length: 200 }, (_, at) => `${at}`)
  const take = async (store: Store, holder: string) => {
    const got: string[] = []
    for (let at = 0; at < work.length; at += 20)
      got.push(...(await store.leases.take(work.slice(at, at + 30).sort(), { holder, leaseMs: 60_000 })))
    return new Set(got)
  }
  const shares = await Promise.all([take(one, 'one'), take(two, 'two'), take(one, 'three')])
  expect(shares.reduce((sum, share) => sum + share.size, 0)).toBe(work.length)
  expect(new Set(shares.flatMap((share) => [...share])).size).toBe(work.length)

  await one.close()
  await expect.poll(() => two.holdLane(LANE)).toBe(true)
})

test('a database that crashes is waited for, and a lane is taken again', async () => {
  const [one, two] = [await openPostgres('crash'), await openPostgres('crash')]
  expect(await one.holdLane(LANE)).toBe(true)
  await one.cursors.set(['a'], '1')
  const crashed = postgres.crash(300)
  const answers = Promise.all([
    one.cursors.get(['a']),
    two.leases.take(['x'], { holder: 'two', leaseMs: 1_000 }),
  ])
  await crashed
  expect(await answers).toEqual([new Map([['a', '1']]), new Set(['x'])])
  const held = async () => (await postgres.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'")).length
  await expect.poll(held, { timeout: 10_000 }).toBe(1)
  expect(await two.holdLane(LANE)).toBe(false)
})

test('a database that stays away is said so, as what may pass', async () => {
  const options = {
    log: createLog({ level: 'silent' }),
    patienceMs: 300,
    signal: new AbortController().signal,
  }
  const opening = openPostgresStore({ ...options, schema: 'away', url: 'postgres://keeper@127.0.0.1:1/none' })
  await expect(opening).rejects.toMatchObject({ name: 'StoreUnreachableError', retryable: true })
})

async function openPostgres(name = `own_${schemas++}`): Promise<Store> {
  const stop = new AbortController()
  const log = createLog({ level: 'silent' })
  const store = await openPostgresStore({
    log,
    schema: `test_${name}`,
    signal: stop.signal,
    url: postgres.url,
  })
  onTestFinished(async () => {
    stop.abort()
    // A test may have closed it.
    await store.close().catch(() => {})
  })
  return store
}

async function openSqlite(name = 'own'): Promise<Store> {
  const store = openSqliteStore(join(folder(), name))
  if (store === undefined) throw new Error('Another process has the file.')
  onTestFinished(() => store.close().catch(() => {}))
  return store
}

let current: string | undefined

/** A folder of the running test. */
function folder(): string {
  if (current !== undefined) return current
  const made = mkdtempSync(join(tmpdir(), 'jeju-store-'))
  current = made
  onTestFinished(() => {
    rmSync(made, { force: true, recursive: true })
    current = undefined
  })
  return made
}
