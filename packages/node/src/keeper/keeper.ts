import { mkdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { ComputeError, type Deployment } from '@jejunetwork/sdk'
import type { LocalAccount, PublicClient } from 'viem'
import { linked } from '../linked.ts'
import type { Log } from '../log.ts'
import { every } from '../loop.ts'
import { createSender } from '../send.ts'
import { createAgenda } from './Agenda.ts'
import { createCaller } from './agents/makeCalls.ts'
import { queueCalls } from './agents/queueCalls.ts'
import { closeSessions } from './closeSessions.ts'
import type { Desk, Now } from './Desk.ts'
import { dueLogs } from './events/dueLogs.ts'
import { watchLogs } from './events/watchLogs.ts'
import { execute } from './execute.ts'
import { findDue } from './findDue.ts'
import { openHooks } from './gateway/HookFile.ts'
import { headOf } from './heads.ts'
import { keepCredit } from './keepCredit.ts'
import { createRefresher } from './refreshCollateral.ts'
import type { Store } from './store/Store.ts'
import { openSqliteStore } from './store/sqlite.ts'
import { storeFileOf } from './storeFile.ts'
import { createWebhookServer, listen } from './webhooks.ts'

const POLLS_PER_CREDIT = 40
const COLLATERAL_MS = 6 * 3_600_000

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
  /** Brings Intel's newest collateral on chain, from this service, at the keeper's own expense; undefined for not. */
  collateral?: { url: string | undefined } | undefined
  /** A transaction that is not mined by then gets a higher fee. */
  stuckMs?: number
}

export type Keeper = {
  address: `0x${string}`
  /** Undefined if no deliveries are taken. */
  url: string | undefined
  /** Resolves when the signal aborted and the last run is over. */
  done: Promise<void>
  close(): Promise<void>
}

/**
 * Executes triggers when they are due and repay their gas. The chain alone says what is due and what is done; the journal
 * holds what was signed and what was accepted, so that after a crash the same bytes are sent and no delivery is lost.
 */
export async function start(config: KeeperConfig, deps: start.Deps): Promise<Keeper> {
  const { account, client, log, signal } = deps
  const stop = linked(signal)
  const life = stop.signal
  const store = await openStore(config, client)
  const desk = createDesk(config, { ...deps, signal: life, store })

  const wake = new EventTarget()
  const { deployment, webhooks } = config
  const hooks = webhooks ? openHooks(webhooks.hooksFile, deployment) : () => undefined
  const onAccepted = () => void wake.dispatchEvent(new Event('wake'))
  const server = createWebhookServer(desk, { hooks, onAccepted })
  if (webhooks) await listen(server, webhooks)
  await keepCredit(desk)

  const onError = (error: unknown) => log.error('a look at the chain failed; the next one comes', { error })
  const loops = [
    every(config.pollMs, () => runTriggers(desk), { onError, signal: life, wake }),
    every(config.pollMs, () => runEvents(desk), { onError, signal: life }),
  ]
  if (config.sessions)
    loops.push(
      every(config.pollMs, async () => closeSessions(desk, await nowOf(client)), { onError, signal: life }),
    )
  loops.push(every(config.pollMs * POLLS_PER_CREDIT, () => keepCredit(desk), { onError, signal: life }))
  if (config.collateral)
    loops.push(every(COLLATERAL_MS, createRefresher(desk, config.collateral), { onError, signal: life }))
  const caller = createCaller(desk, { account, loopback: config.localAgents === true, signal: life })
  const callAgents = async () => {
    await queueCalls(desk)
    await caller.run()
  }
  loops.push(every(config.pollMs, callAgents, { onError, signal: life }))
  const done = Promise.all(loops).then(async () => {
    await server.close()
    await caller.settled()
    await store.close()
  })
  return {
    address: account.address,
    async close() {
      stop.abort()
      await done
    },
    done,
    url: webhooks ? `http://${webhooks.host}:${(server.server.address() as AddressInfo).port}` : undefined,
  }
}

export declare namespace start {
  type Deps = { client: PublicClient; account: LocalAccount; log: Log; signal: AbortSignal }
}

function createDesk(config: KeeperConfig, options: start.Deps & { store: Store }): Desk {
  const { account, client, log, signal, store } = options
  const { deployment, stuckMs, unpaid } = config
  const outbox = store.outboxOf(account.address)
  const patience = stuckMs === undefined ? {} : { stuckMs }
  return {
    client,
    deployment,
    proven: new Map(),
    spans: { logs: 1_024n },
    watched: new Map(),
    known: { block: undefined, sessions: 0n, sweptAt: 0n, triggers: 0n },
    log,
    sender: createSender({ account, client, log, outbox, signal, ...patience }),
    sessions: createAgenda(),
    store,
    triggers: createAgenda(),
    unpaid,
  }
}

async function runTriggers(desk: Desk): Promise<void> {
  const now = await nowOf(desk.client)
  await execute(desk, { due: await findDue(desk, now), now })
}

/** By itself, so that a node which gives no logs holds nothing else up. */
async function runEvents(desk: Desk): Promise<void> {
  const head = await headOf(desk)
  await watchLogs(desk, head)
  await execute(desk, { due: await dueLogs(desk, head), now: await nowOf(desk.client) })
}

/** The chain's clock, and what gas costs: those of the block that is being made. */
async function nowOf(client: PublicClient): Promise<Now> {
  const block = await client.getBlock({ blockTag: 'pending' })
  // A node may leave a pending block's number out; it is the one after the newest.
  const number = block.number ?? (await client.getBlockNumber({ cacheTime: 0 })) + 1n
  return { baseFee: block.baseFeePerGas ?? 0n, number, time: block.timestamp }
}

/** Each chain has a file of its own, which one process holds. */
async function openStore({ dataDir, deployment }: KeeperConfig, client: PublicClient): Promise<Store> {
  mkdirSync(dataDir, { mode: 0o700, recursive: true })
  const store = openSqliteStore(await storeFileOf(dataDir, { client, deployment }))
  if (store === undefined) throw new KeeperRunsError({ dataDir })
  return store
}

/** Two keepers with one file would send the same transactions. */
export class KeeperRunsError extends ComputeError {
  override readonly name = 'KeeperRunsError'

  constructor({ dataDir }: { dataDir: string }) {
    super(`Another keeper works in ${dataDir}; end it, or set JEJU_HOME to another folder.`)
  }
}
