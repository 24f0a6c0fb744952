import type { AddressInfo } from 'node:net'
import { ComputeError, type Deployment, isUnreachable } from '@jejunetwork/sdk'
import type { Address, LocalAccount, PublicClient } from 'viem'
import { linked } from '../linked.ts'
import { CannotListenError } from '../listen.ts'
import type { Log } from '../log.ts'
import { every } from '../loop.ts'
import { createSender } from '../send.ts'
import { createAgenda } from './Agenda.ts'
import { createCaller } from './agents/makeCalls.ts'
import { queueCalls } from './agents/queueCalls.ts'
import { closeSessions } from './closeSessions.ts'
import { type Desk, nowOf } from './Desk.ts'
import { dueLogs } from './events/dueLogs.ts'
import { watchLogs } from './events/watchLogs.ts'
import { execute } from './execute.ts'
import { findDue } from './findDue.ts'
import { openHooks } from './gateway/HookFile.ts'
import { headOf } from './heads.ts'
import { keepCredit } from './keepCredit.ts'
import { createMetrics } from './Metrics.ts'
import { openMonitor } from './monitor.ts'
import { openStore } from './openStore.ts'
import { createPoker } from './pokeTopUps.ts'
import { createRefresher } from './refreshCollateral.ts'
import type { Store } from './store/Store.ts'
import { createWebhookServer } from './webhooks.ts'

const POLLS_PER_CREDIT = 40
const POLLS_PER_POKE = 8
const COLLATERAL_MS = 6 * 3_600_000
/** Shorter than a minute, the shortest time after which a tick follows another: nothing is missed when a keeper dies. */
const LEASE_MS = 30_000
/** What is over is kept for questions about it. */
const KEPT_MS = 30 * 24 * 3_600_000
const HOUR_MS = 3_600_000
const ANOTHER_PORT = 'choose another port with --webhook-port or take no deliveries with --no-webhooks'

/** What a keeper is told by its operator. */
export type KeeperConfig = {
  deployment: Deployment
  dataDir: string
  /** How often the chain is looked at. */
  pollMs: number
  /** Where deliveries are taken, and the file of hooks; undefined for nowhere. Port 0 is any free one. */
  webhooks: { host: string; port: number; hooksFile: string } | undefined
  /** Lets it call agents over HTTP on this machine too. */
  localAgents?: boolean
  /** Runs triggers that nobody sponsors, at the keeper's own expense. */
  unpaid: boolean
  /** Cancels and closes rentals that are over, at the keeper's own expense. */
  sessions: boolean
  /** Whose top-ups are made when they are due, at the keeper's own expense; nobody's unless given. */
  topUps?: 'all' | readonly Address[] | undefined
  /** Brings Intel's newest collateral on chain, from this service, at the keeper's own expense; undefined for not. */
  collateral?: { url: string | undefined } | undefined
  /** A PostgreSQL that several keepers share, `postgres://…`; a file in `dataDir` unless given. */
  database?: string | undefined
  /** How long others leave to this keeper what it works on; shorter than the time from one tick to the next. */
  leaseMs?: number
  /** Where metrics are served on this machine; nowhere unless given. Port 0 is any free one. */
  metricsPort?: number | undefined
  /** A transaction that is not mined by then gets a higher fee. */
  stuckMs?: number
}

/** A keeper that runs. */
export type Keeper = {
  address: `0x${string}`
  /** Undefined if no deliveries are taken. */
  url: string | undefined
  /** Undefined if no metrics are served. */
  metricsUrl: string | undefined
  /** Resolves when the signal aborted and the last run is over. */
  done: Promise<void>
  close(): Promise<void>
}

/**
 * Executes triggers when they are due and repay their gas. The chain alone says what is due and what is done; the store
 * holds what was signed and what was accepted, so that after a crash the same bytes are sent and no delivery is lost.
 */
export async function start(config: KeeperConfig, deps: start.Deps): Promise<Keeper> {
  const stop = linked(deps.signal)
  const signal = stop.signal
  const { address } = deps.account
  const store = await openStore({ ...config, ...deps, address, signal })
  try {
    const desk = createDesk(config, { ...deps, signal, store })
    const { done, ...urls } = await work(desk, { account: deps.account, config, signal })
    return {
      ...urls,
      address,
      async close() {
        stop.abort()
        await done
      },
      done,
    }
  } catch (error) {
    stop.abort()
    await store.close()
    throw error
  }
}

export declare namespace start {
  type Deps = { client: PublicClient; account: LocalAccount; log: Log; signal: AbortSignal }
}

function createDesk(config: KeeperConfig, options: start.Deps & { store: Store }): Desk {
  const { account, client, log, signal, store } = options
  const { deployment, leaseMs = LEASE_MS, stuckMs, unpaid } = config
  const outbox = store.outboxOf(account.address)
  const patience = stuckMs === undefined ? {} : { stuckMs }
  return {
    client,
    deployment,
    known: {
      block: undefined,
      executed: undefined,
      lookedAt: performance.now(),
      sessions: 0n,
      sweptAt: 0n,
      triggers: 0n,
    },
    leaseMs,
    log,
    metrics: createMetrics(),
    proven: new Map(),
    resting: new Map(),
    sender: createSender({ account, client, log, outbox, signal, ...patience }),
    sessions: createAgenda(),
    simulates: true,
    spans: { logs: 1_024n },
    store,
    triggers: createAgenda(),
    unpaid,
    watched: new Map(),
  }
}

/** Opens what is asked, and starts what goes on until the signal aborts. */
async function work(
  desk: Desk,
  { account, config, signal }: { account: LocalAccount; config: KeeperConfig; signal: AbortSignal },
): Promise<Pick<Keeper, 'done' | 'metricsUrl' | 'url'>> {
  const { deployment, metricsPort, pollMs, webhooks } = config
  const wake = new EventTarget()
  const hooks = webhooks ? openHooks(webhooks.hooksFile, deployment) : () => undefined
  const onAccepted = () => void wake.dispatchEvent(new Event('wake'))
  const server = createWebhookServer(desk, { hooks, onAccepted })
  if (webhooks)
    await server.listen(webhooks).catch((cause: unknown) => {
      throw new CannotListenError({ ...webhooks, cause, mend: ANOTHER_PORT })
    })
  const monitor = await openMonitor(desk, { pollMs, port: metricsPort }).catch(async (error: unknown) => {
    await server.close()
    throw error
  })
  await keepCredit(desk)

  const regularly = (ms: number, task: () => Promise<void>, options: { wake?: EventTarget } = {}) =>
    every(ms, task, { onError: (error) => report(desk, error), signal, ...options })
  const loops = [
    regularly(pollMs, () => runTriggers(desk), { wake }),
    regularly(pollMs, () => runEvents(desk)),
    regularly(pollMs * POLLS_PER_CREDIT, () => keepCredit(desk)),
    regularly(HOUR_MS, () => desk.store.forget(KEPT_MS)),
  ]
  if (config.sessions)
    loops.push(regularly(pollMs, async () => closeSessions(desk, await nowOf(desk.client))))
  if (config.topUps)
    loops.push(regularly(pollMs * POLLS_PER_POKE, createPoker(desk, { accounts: config.topUps })))
  if (config.collateral) loops.push(regularly(COLLATERAL_MS, createRefresher(desk, config.collateral)))
  const caller = createCaller(desk, { account, loopback: config.localAgents === true, signal })
  loops.push(
    regularly(pollMs, async () => {
      await queueCalls(desk)
      await caller.run()
    }),
  )
  const done = Promise.all(loops).then(async () => {
    await server.close()
    await caller.settled()
    await monitor?.close()
    await desk.store.close()
  })
  const address = webhooks && (server.server.address() as AddressInfo)
  return { done, metricsUrl: monitor?.url, url: address && `http://${webhooks.host}:${address.port}` }
}

async function runTriggers(desk: Desk): Promise<void> {
  const due = await findDue(desk, await nowOf(desk.client))
  desk.known.lookedAt = performance.now()
  await execute(desk, due)
}

/** By itself, so that a node which gives no logs holds nothing else up. */
async function runEvents(desk: Desk): Promise<void> {
  const head = await headOf(desk)
  await watchLogs(desk, head)
  await execute(desk, await dueLogs(desk, head))
}

/** What passes by itself, such as an outage, is a warning. */
function report({ log, metrics }: Desk, error: unknown): void {
  metrics.add('failures_total')
  const passes = isUnreachable(error) || (error instanceof ComputeError && error.retryable)
  log[passes ? 'warn' : 'error']('a look at the chain failed; the next one comes', { error })
}
