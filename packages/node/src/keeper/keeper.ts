import { mkdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { ComputeError, type Deployment, TriggerRegistryAbi } from '@jejunetwork/sdk'
import type { LocalAccount, PublicClient } from 'viem'
import { readContract } from 'viem/actions'
import { linked } from '../linked.ts'
import type { Log } from '../log.ts'
import { every } from '../loop.ts'
import { createSender } from '../send.ts'
import { createAgenda } from './Agenda.ts'
import { closeSessions } from './closeSessions.ts'
import type { Desk, Now } from './Desk.ts'
import { execute } from './execute.ts'
import { findDue } from './findDue.ts'
import { openHooks } from './gateway/HookFile.ts'
import type { Store } from './store/Store.ts'
import { openSqliteStore } from './store/sqlite.ts'
import { createWebhookServer, listen } from './webhooks.ts'

/** What was earned is fetched when it is worth this many times its gas, and looked at once in so many polls. */
const WORTH = 20n
const COLLECT_GAS = 45_000n
const POLLS_PER_COLLECTION = 40

export type KeeperConfig = {
  deployment: Deployment
  dataDir: string
  /** How often the chain is looked at. */
  pollMs: number
  /** Where deliveries are taken, and the file of hooks; undefined for nowhere. Port 0 is any free one. */
  webhooks: { host: string; port: number; hooksFile: string } | undefined
  /** Runs triggers that nobody sponsors, at the keeper's own expense. */
  unpaid: boolean
  /** Cancels and closes rentals that are over, at the keeper's own expense. */
  sessions: boolean
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
  await openCredit(desk)
  log.info('this keeper runs cron and webhook triggers; event triggers need another one', {})

  const onError = (error: unknown) => log.error('a look at the chain failed; the next one comes', { error })
  const loops = [every(config.pollMs, () => runTriggers(desk), { onError, signal: life, wake })]
  if (config.sessions)
    loops.push(
      every(config.pollMs, async () => closeSessions(desk, await nowOf(client)), { onError, signal: life }),
    )
  loops.push(
    every(config.pollMs * POLLS_PER_COLLECTION, () => collectCredit(desk), { onError, signal: life }),
  )
  const done = Promise.all(loops).then(async () => {
    await server.close()
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

/** The chain's clock, and what gas costs: those of the block that is being made. */
async function nowOf(client: PublicClient): Promise<Now> {
  const { baseFeePerGas, timestamp } = await client.getBlock({ blockTag: 'pending' })
  return { baseFee: baseFeePerGas ?? 0n, time: timestamp }
}

/** Each chain has a file of its own, which one process holds. */
async function openStore({ dataDir, deployment }: KeeperConfig, client: PublicClient): Promise<Store> {
  const { hash } = await client.getBlock({ blockNumber: 0n })
  mkdirSync(dataDir, { mode: 0o700, recursive: true })
  const store = openSqliteStore(join(dataDir, `keeper-${deployment.chainId}-${hash.slice(2, 10)}.sqlite`))
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

async function collectCredit({ client, deployment, log, sender }: Desk): Promise<void> {
  const contract = { abi: TriggerRegistryAbi, address: deployment.triggerRegistry } as const
  const credit = await readContract(client, { ...contract, args: [sender.address], functionName: 'creditOf' })
  const cost = (await client.getGasPrice()) * COLLECT_GAS
  if (credit < WORTH * cost) return
  await sender.write({ ...contract, functionName: 'collect' })
  log.info('earnings collected', { executor: sender.address, wei: credit })
}

/** An executor without credit pays for its first one itself; 1 wei spares it that. */
async function openCredit({ client, deployment, log, sender }: Desk): Promise<void> {
  const contract = { abi: TriggerRegistryAbi, address: deployment.triggerRegistry } as const
  const credit = await readContract(client, { ...contract, args: [sender.address], functionName: 'creditOf' })
  if (credit > 0n) return
  await sender.write({ ...contract, functionName: 'openCredit', value: 1n })
  log.info('credit opened', { executor: sender.address })
}
