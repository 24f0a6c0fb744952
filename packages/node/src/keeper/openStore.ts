import { existsSync, mkdirSync } from 'node:fs'
import { ComputeError, type Deployment } from '@jejunetwork/sdk'
import type { Address, PublicClient } from 'viem'
import type { Log } from '../log.ts'
import { idle } from '../loop.ts'
import { openPostgresStore } from './store/postgres.ts'
import type { Store } from './store/Store.ts'
import { openSqliteStore } from './store/sqlite.ts'
import { schemaOf, storeFileOf } from './storeFile.ts'

/** A process that was killed a moment ago is let go of by then. */
const LANE_PATIENCE_MS = 5_000
const RETRY_MS = 250

/** Opens what a keeper remembers: a file of its own, or a database that it shares with others, each with a key of its own. */
export async function openStore(options: openStore.Options): Promise<Store> {
  const { address, client, dataDir, database, deployment, log, signal } = options
  if (database === undefined) {
    mkdirSync(dataDir, { mode: 0o700, recursive: true })
    const store = openSqliteStore(await storeFileOf(dataDir, { client, deployment }))
    if (store === undefined) throw new KeeperRunsError({ dataDir })
    return store
  }
  const schema = await schemaOf({ client, deployment })
  const store = await openPostgresStore({ log, schema, signal, url: database })
  for (const deadline = Date.now() + LANE_PATIENCE_MS; !(await store.holdLane(address)); ) {
    if (Date.now() > deadline || signal.aborted) {
      await store.close()
      throw new LaneTakenError({ address })
    }
    await idle(RETRY_MS, signal)
  }
  return store
}

/** Opens it beside the keepers that work with it, to look, or to put something back into a queue. Undefined if there is none. */
export async function openBeside(options: Omit<openStore.Options, 'address'>): Promise<Store | undefined> {
  const { client, dataDir, database, deployment, log, signal } = options
  if (database !== undefined)
    return openPostgresStore({ log, schema: await schemaOf({ client, deployment }), signal, url: database })
  const file = await storeFileOf(dataDir, { client, deployment })
  return existsSync(file) ? openSqliteStore(file, { shared: true }) : undefined
}

export declare namespace openStore {
  type Options = {
    address: Address
    client: PublicClient
    dataDir: string
    /** `postgres://…`, or undefined for a file in `dataDir`. */
    database?: string | undefined
    deployment: Deployment
    log: Log
    signal: AbortSignal
  }
}

/** Two keepers with one file would send the same transactions. */
class KeeperRunsError extends ComputeError {
  override readonly name = 'KeeperRunsError'

  constructor({ dataDir }: { dataDir: string }) {
    super(`Another keeper works in ${dataDir}; end it, or set JEJU_HOME to another folder.`)
  }
}

/** Two keepers with one key would take each other's nonces. */
class LaneTakenError extends ComputeError {
  override readonly name = 'LaneTakenError'

  constructor({ address }: { address: Address }) {
    super(
      `Another keeper on this database works with the key of ${address}; end it, or give this one a key of its own.`,
    )
  }
}
