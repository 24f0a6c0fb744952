import type { StatementSync } from 'node:sqlite'
import { type Journal, openJournal } from '../../journal.ts'
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

/** The store of one keeper, in a file that one process holds. Undefined if another does. */
export function openSqliteStore(path: string): Store | undefined {
  const journal = hold(path)
  if (journal === undefined) return undefined
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
    close: async () => journal.close(),
    // Whoever has the file has every lane in it.
    holdLane: async () => true,
  }
}

function hold(path: string): Journal | undefined {
  try {
    const journal = openJournal(path)
    // The lock goes with the process, however it ends.
    journal.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT')
    return journal
  } catch (error) {
    if (String(error).includes('database is locked')) return undefined
    throw error
  }
}
