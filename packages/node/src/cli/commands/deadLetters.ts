import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openPostgresStore } from '../../keeper/store/postgres.ts'
import type { Call, Store } from '../../keeper/store/Store.ts'
import { openSqliteStore } from '../../keeper/store/sqlite.ts'
import { schemaOf, storeFileOf } from '../../keeper/storeFile.ts'
import { createLog } from '../../log.ts'
import { connect } from '../connect.ts'
import type { Context, Run } from '../context.ts'
import { UsageError } from '../errors.ts'
import { whole } from '../input.ts'
import { table } from '../output.ts'

const MOST = 10_000

export const list: Run = async (context, { options }) => {
  const most = Number(whole('--limit', options['limit'] ?? '50'))
  const dead = await withStore(context, (store) => store.calls.dead({ most }))
  const data = dead.map(({ attempts, id, key, reason, triggerId }) => ({
    attempts,
    id,
    key,
    reason,
    triggerId,
  }))
  if (dead.length === 0) return { data, text: 'No call of an agent was given up.' }
  const rows = dead.map(({ attempts, id, reason, triggerId }) => [
    id,
    String(triggerId),
    String(attempts),
    reason,
  ])
  return { data, text: table(['ID', 'TRIGGER', 'ATTEMPTS', 'LAST ANSWER'], rows) }
}

export const replay: Run = (context, { args }) =>
  change(context, { by: (store, { id }) => store.calls.replay(id), done: 'to be made again', which: args[0] })

export const drop: Run = (context, { args }) =>
  change(context, {
    // It stays known as over: the chain still says that it was due.
    by: (store, { id, reason }) => store.calls.end(id, { reason: `dropped after ${reason}`, state: 'done' }),
    done: 'dropped',
    which: args[0],
  })

type Change = {
  which: string | undefined
  by: (store: Store, call: Call) => Promise<unknown>
  done: string
}

async function change(context: Context, { by, done, which }: Change) {
  const ids = await withStore(context, async (store) => {
    const dead = await store.calls.dead({ most: MOST })
    const chosen = which === 'all' ? dead : dead.filter(({ id }) => id === which)
    if (chosen.length === 0)
      throw new UsageError(
        `No call ${which} was given up; \`jeju-compute keeper dead-letters list\` lists those that were.`,
      )
    for (const call of chosen) await by(store, call)
    return chosen.map(({ id }) => id)
  })
  return { data: { ids }, text: `${ids.length === 1 ? ids[0] : `${ids.length} calls`}: ${done}.` }
}

/** Works beside a keeper that runs, which sees what was changed at once. */
async function withStore<T>(context: Context, work: (store: Store) => Promise<T>): Promise<T> {
  const { config } = context
  const store = await openBeside(context)
  if (store === undefined)
    throw new UsageError(
      `No keeper has worked in ${config.home} on this chain; set JEJU_HOME to where one did.`,
    )
  return work(store).finally(() => store.close())
}

async function openBeside({ config, signal }: Context): Promise<Store | undefined> {
  const market = await connect(config)
  const { database: url, home } = config
  if (url !== undefined) {
    const schema = await schemaOf(market)
    return openPostgresStore({ log: createLog({ level: 'silent' }), schema, signal, url })
  }
  const file = await storeFileOf(join(home, 'keeper'), market)
  return existsSync(file) ? openSqliteStore(file, { shared: true }) : undefined
}
