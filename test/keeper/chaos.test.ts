import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { TriggerRegistryAbi } from '@jejunetwork/sdk'
import type { Address } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountOf, type Chain, keyOf, startChain } from '../chain.ts'
import { createHome, type Home, launch, type Running, until } from '../jejuCompute.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { createTrigger, deployCounter, executions } from './market.ts'

const [KEEPERS, TRIGGERS] = [3, 30]
/** Every third trigger folds what it missed; of the others each tick must run. */
const folds = (at: number) => at % 3 === 0
const PERIOD = 1_200n
const LEASE_SECONDS = 2

type Keeper = { address: Address; front: Front; home: Home; life: Running }

let chain: Chain
let postgres: Postgres
let keepers: Keeper[] = []
const ids: bigint[] = []

beforeAll(async () => {
  ;[chain, postgres] = await Promise.all([startChain(), startPostgres()])
  const target = await deployCounter(chain)
  for (let at = 0; at < TRIGGERS; at++) {
    const policy = folds(at) ? 'coalesce' : 'backfill'
    // So much gas that a transaction holds a third of them: there is work for each keeper.
    const call = { gasLimit: 1_000_000, maxDelay: 6 * 3_600, target }
    ids.push(await createTrigger(chain, { ...call, expression: '*/20 * * * *', kind: 'cron', policy }))
  }
  keepers = await Promise.all(Array.from({ length: KEEPERS }, (_, at) => openKeeper(4 + at)))
}, 240_000)

afterAll(async () => {
  await Promise.all(keepers.map(({ life }) => life.end('SIGKILL')))
  for (const { front, home } of keepers) {
    front.close()
    home.remove()
  }
  await chain?.close()
  await postgres?.close()
})

test('three keepers share thirty triggers, and lose no gas to each other', async () => {
  await ranAll(await nextTick())
  await ranAll(await nextTick())
  expect(await skips(), 'executions that came second').toBe(0)
})

test.each(['before', 'after'] as const)('a keeper is killed %s it broadcast', async (when) => {
  const killed = catchNext(when)
  const tick = await nextTick()
  const victim = await killed
  await ranAll(tick)
  victim.life = await startKeeper(victim)
  await ranAll(await nextTick())
})

test('no keeper reaches its node for a while', async () => {
  for (const { front } of keepers) front.cut()
  await nextTick()
  const tick = await nextTick()
  for (const { front } of keepers) front.mend()
  await ranAll(tick)
})

test('PostgreSQL crashes as ticks fall due', async () => {
  const crashed = postgres.crash(500)
  const tick = await nextTick()
  await crashed
  await ranAll(tick)
  await ranAll(await nextTick())
})

test('the chain is reorganised, executions and all', async () => {
  const tick = await nextTick()
  const start = await chain.client.getBlockNumber({ cacheTime: 0 })
  await ranAll(tick)
  const depth = (await chain.client.getBlockNumber({ cacheTime: 0 })) - start
  await chain.client.request({ method: 'anvil_reorg', params: [Number(depth), []] } as never)
  await ranAll(tick)
})

test('the clock jumps ahead by an hour', async () => {
  await chain.warp(3_600)
  await ranAll(await nextTick())
})

test('nothing was missed beyond its policy, nothing ran twice, and no nonce is open', async () => {
  const all = await executions(chain)
  const { timestamp } = await chain.client.getBlock()
  const last = timestamp - (timestamp % PERIOD)
  for (const [at, id] of ids.entries()) {
    const keys = all.get(id) ?? []
    const [first = 0n] = keys
    const ticks = Array.from(
      { length: Number((last - first) / PERIOD) + 1 },
      (_, n) => first + BigInt(n) * PERIOD,
    )
    if (folds(at)) {
      expect([...new Set(keys)].sort(), `trigger ${id}`).toEqual([...keys].sort())
      expect(ticks, `trigger ${id}`).toEqual(expect.arrayContaining([...keys]))
    } else expect(keys, `trigger ${id}`).toEqual(ticks)
  }
  for (const { address } of keepers)
    await until('The end of all transactions', async () => {
      const counts = (['latest', 'pending'] as const).map((blockTag) =>
        chain.client.getTransactionCount({ address, blockTag }),
      )
      const [mined, pending] = await Promise.all(counts)
      return mined === pending
    })
  const [{ schema }] = (await postgres.query<{ schema: string }>(
    `SELECT table_schema AS schema FROM information_schema.tables WHERE table_name = 'outbox'`,
  )) as [{ schema: string }]
  await until(
    'An empty outbox',
    async () => {
      const rows = await postgres.query(`SELECT 1 FROM ${schema}.outbox`)
      return rows.length === 0
    },
    45_000,
  )
})

/** Lets the next tick come; answers it. */
async function nextTick(): Promise<bigint> {
  const { timestamp } = await chain.client.getBlock()
  const tick = timestamp - (timestamp % PERIOD) + PERIOD
  await chain.warp(Number(tick - timestamp) + 1)
  return tick
}

/** Every trigger ran with this tick, or, where missed ones fold into one, after it. */
async function ranAll(tick: bigint): Promise<void> {
  const { timestamp } = await chain.client.getBlock()
  const contract = { abi: TriggerRegistryAbi, address: chain.deployment.triggerRegistry } as const
  const dueTick = (id: bigint) =>
    chain.client.readContract({ ...contract, args: [id], functionName: 'dueTick' })
  const hasRun = async () => {
    const keys = await executions(chain)
    if (ids.some((id, at) => !folds(at) && !keys.get(id)?.includes(tick))) return false
    return (await Promise.all(ids.map(dueTick))).every((due) => due === 0n)
  }
  try {
    await until(`The tick ${tick}, at ${timestamp},`, hasRun, 40_000)
  } catch (error) {
    throw new Error(keepers.map(({ life }) => life.said().slice(-3_000)).join('\n\n'), { cause: error })
  }
}

async function skips(): Promise<number> {
  const address = chain.deployment.triggerRegistry
  const query = { abi: TriggerRegistryAbi, address, eventName: 'TriggerSkipped', fromBlock: 0n } as const
  return (await chain.client.getContractEvents(query)).length
}

/** Kills the keeper that is the first to broadcast from now on. */
async function catchNext(when: 'before' | 'after'): Promise<Keeper> {
  const { promise, resolve } = Promise.withResolvers<Keeper>()
  for (const keeper of keepers)
    keeper.front.trap(when, async () => {
      for (const { front } of keepers) front.trap(undefined)
      await keeper.life.end('SIGKILL')
      resolve(keeper)
    })
  return promise
}

async function openKeeper(index: number): Promise<Keeper> {
  const front = await openFront(chain.rpcUrl)
  const home = createHome({ deployment: chain.deployment, rpcUrl: front.url })
  Object.assign(home.env, { JEJU_DATABASE: postgres.url, JEJU_PRIVATE_KEY: keyOf(index) })
  const life = await startKeeper({ home })
  return { address: accountOf(index).address, front, home, life }
}

async function startKeeper({ home }: Pick<Keeper, 'home'>): Promise<Running> {
  const options = ['--log-json', '--no-webhooks', '--no-sessions', '--lease', `${LEASE_SECONDS}`]
  const life = launch(['keeper', 'start', ...options], home.env)
  await life.says(/Keeper 0x\w+ runs/)
  return life
}

type Front = Awaited<ReturnType<typeof openFront>>
type Trap = { when: 'before' | 'after'; spring: () => Promise<void> }

/** Stands between a keeper and its node, byte by byte. */
async function openFront(rpcUrl: string) {
  let isCut = false
  let trap: Trap | undefined
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    if (isCut) return void near.destroy()
    const far = connect(Number(new URL(rpcUrl).port), '127.0.0.1')
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
    far.on('data', (chunk) => near.write(chunk))
    near.on('data', async (chunk) => {
      const sprung = chunk.includes('eth_sendRawTransaction') ? trap : undefined
      if (sprung === undefined) return void far.write(chunk)
      trap = undefined
      if (sprung.when === 'after') {
        far.write(chunk)
        await once(far, 'data')
      }
      await sprung.spring()
      near.destroy()
    })
    return undefined
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
    /** Breaks every connection, and each new one. */
    cut() {
      isCut = true
      for (const socket of sockets) socket.destroy()
    },
    mend() {
      isCut = false
    },
    trap(when: 'before' | 'after' | undefined, spring = async () => {}) {
      trap = when && { spring, when }
    },
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
  }
}
