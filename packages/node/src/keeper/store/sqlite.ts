import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { openJournal } from '../../journal.ts'
import { createStore, schemaOf } from './createStore.ts'
import type { Database } from './Database.ts'
import type { Store } from './Store.ts'

const DIALECT: Database['dialect'] = {
  integer: 'INTEGER',
  now: `CAST(unixepoch('subsec') * 1000 AS INTEGER)`,
  sequence: 'INTEGER PRIMARY KEY',
  skipLocked: '',
  strings: (parameter) => `json_each(${parameter})`,
}

/**
 * The store of one keeper, in a file that one process holds; undefined if another does. With `shared` it is opened beside that
 * process: for a command that looks, or puts something back into a queue, and takes no work.
 */
export function openSqliteStore(path: string, options: { shared?: boolean } = {}): Store | undefined {
  const lock = options.shared === true ? undefined : hold(`${path}.lock`)
  if (lock === undefined && options.shared !== true) return undefined
  const journal = openJournal(path)
  for (const statement of schemaOf({ dialect: DIALECT })) journal.exec(statement)

  const prepared = new Map<string, StatementSync>()
  const statementOf = (sql: string) => {
    const statement = prepared.get(sql) ?? journal.prepare(sql)
    prepared.set(sql, statement)
    return statement
  }
  const database: Database = {
    all: async <Row>(sql: string, parameters: readonly (string | number | null)[] = []) =>
      statementOf(sql).all(Object.fromEntries(parameters.map((value, at) => [`$${at + 1}`, value]))) as Row[],
    dialect: DIALECT,
  }
  return {
    ...createStore(database),
    async close() {
      journal.close()
      lock?.close()
    },
    // Whoever has the file has every lane in it.
    holdLane: async () => true,
  }
}

/** Warning: the lock is a file of its own, so that others can still read the store. It goes with the process, however it ends. */
function hold(path: string): DatabaseSync | undefined {
  const lock = new DatabaseSync(path, { timeout: 5_000 })
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT')
    return lock
  } catch (error) {
    lock.close()
    if (String(error).includes('database is locked')) return undefined
    throw error
  }
}
