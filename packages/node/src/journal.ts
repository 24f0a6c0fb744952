import { DatabaseSync } from 'node:sqlite'

/**
 * What a daemon must remember through a crash. Each owner makes its own tables with `CREATE TABLE IF NOT EXISTS`.
 * A statement that returned is on disk. Warning: SQLite's integers are 64 bits; store wei as text.
 */
export type Journal = DatabaseSync

/** Opens the journal in a file, made if it is not there. */
export function openJournal(path: string): Journal {
  const journal = new DatabaseSync(path, { timeout: 5_000 })
  journal.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
  return journal
}

/** Runs `work` whole or not at all. */
export function atomically<T>(journal: Journal, work: () => T): T {
  journal.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    journal.exec('COMMIT')
    return result
  } catch (error) {
    journal.exec('ROLLBACK')
    throw error
  }
}
