import { join } from 'node:path'
import { openBeside } from '../../keeper/openStore.ts'
import type { Call, Store } from '../../keeper/store/Store.ts'
import { createLog } from '../../log.ts'
import { connect } from '../connect.ts'
import type { Context, Input, Run } from '../context.ts'
import { UsageError } from '../errors.ts'
import { whole } from '../input.ts'
import { type Result, table } from '../output.ts'
import { databaseOf } from './keeper.ts'

const MOST = 10_000
const NONE = 'No call of an agent was given up.'

export const list: Run = async (context, input) => {
  const most = Number(whole('--limit', input.options['limit'] ?? '50'))
  const dead = await withStore(context, input, (store) => store.calls.dead({ most }))
  const data = dead.map(({ attempts, id, key, reason, triggerId }) => ({
    attempts,
    id,
    key,
    reason,
    triggerId,
  }))
  if (dead.length === 0) return { data, text: NONE }
  const rows = dead.map(({ attempts, id, reason, triggerId }) => [
    id,
    String(triggerId),
    String(attempts),
    reason,
  ])
  return { data, text: table(['ID', 'TRIGGER', 'ATTEMPTS', 'LAST ANSWER'], rows) }
}

export const replay: Run = (context, input) =>
  change(context, input, { by: (store, { id }) => store.calls.replay(id), done: 'to be made again' })

export const drop: Run = (context, input) =>
  change(context, input, {
    // It stays known as over: the chain still says that it was due.
    by: (store, { id, reason }) => store.calls.end(id, { reason: `dropped after ${reason}`, state: 'done' }),
    done: 'dropped',
  })

type Change = {
  by: (store: Store, call: Call) => Promise<unknown>
  done: string
}

async function change(context: Context, input: Input, { by, done }: Change): Promise<Result> {
  const which = input.args[0]
  const ids = await withStore(context, input, async (store) => {
    const dead = await store.calls.dead({ most: MOST })
    const chosen = which === 'all' ? dead : dead.filter(({ id }) => id === which)
    if (chosen.length === 0 && which !== 'all')
      throw new UsageError(
        `No call ${which} was given up; \`jeju-compute keeper dead-letters list\` lists those that were.`,
      )
    for (const call of chosen) await by(store, call)
    return chosen.map(({ id }) => id)
  })
  if (ids.length === 0) return { data: { ids }, text: NONE }
  return { data: { ids }, text: `${ids.length === 1 ? ids[0] : `${ids.length} calls`}: ${done}.` }
}

/** Works beside a keeper that runs, which sees what was changed at once. */
async function withStore<T>(
  { config, signal }: Context,
  { options }: Input,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const { client, deployment } = await connect(config)
  const database = databaseOf(options['database'] ?? config.database)
  const log = createLog({ level: 'silent' })
  const store = await openBeside({
    client,
    dataDir: join(config.home, 'keeper'),
    database,
    deployment,
    log,
    signal,
  })
  if (store === undefined)
    throw new UsageError(
      `No keeper has worked in ${config.home} on this chain; set JEJU_HOME to where one did.`,
    )
  return work(store).finally(() => store.close())
}
