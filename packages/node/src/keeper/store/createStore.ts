import { callsIn } from './calls.ts'
import type { Database } from './Database.ts'
import { deliveriesIn } from './deliveries.ts'
import { cursorsIn, leasesIn } from './leases.ts'
import { logsIn } from './logs.ts'
import { outboxIn } from './outbox.ts'
import type { Store } from './Store.ts'

/** All of a store that is the same in both databases. */
export function createStore(database: Database): Omit<Store, 'holdLane' | 'close'> {
  return {
    calls: callsIn(database),
    cursors: cursorsIn(database),
    deliveries: deliveriesIn(database),
    async forget(olderThanMs) {
      const { now } = database.dialect
      for (const [table, over] of Object.entries(OVER))
        await database.all(`DELETE FROM ${table} WHERE ${over} AND changed_at < ${now} - $1`, [olderThanMs])
    },
    async reopen(withinMs) {
      const { now } = database.dialect
      const since = `changed_at >= ${now} - $1`
      await database.all(`UPDATE deliveries SET state = 'accepted', reason = '' WHERE ${since}`, [withinMs])
      await database.all(`UPDATE logs SET state = 'found', reason = '' WHERE ${since}`, [withinMs])
    },
    leases: leasesIn(database),
    logs: logsIn(database),
    outboxOf: (lane) => outboxIn(database, lane),
  }
}

/** Which rows of each table are over. */
const OVER = {
  calls: `state <> 'open'`,
  deliveries: `state <> 'accepted'`,
  leases: 'true',
  logs: `state <> 'found'`,
}

/** What makes the tables, if they are not there. */
export function schemaOf({ dialect: { integer, sequence } }: Pick<Database, 'dialect'>): readonly string[] {
  const table = (name: string, columns: string) => `CREATE TABLE IF NOT EXISTS ${name} (${columns})`
  return [
    table(
      'outbox',
      `sequence ${sequence}, lane TEXT NOT NULL, nonce ${integer} NOT NULL, signed TEXT NOT NULL UNIQUE,
       max_fee TEXT, max_tip TEXT`,
    ),
    table(
      'deliveries',
      `sequence ${sequence}, trigger_id TEXT NOT NULL, nonce TEXT NOT NULL, input TEXT NOT NULL, state TEXT NOT NULL,
       reason TEXT NOT NULL, changed_at ${integer} NOT NULL, UNIQUE (trigger_id, nonce)`,
    ),
    `CREATE INDEX IF NOT EXISTS open_deliveries ON deliveries (sequence) WHERE state = 'accepted'`,
    table(
      'calls',
      `id TEXT PRIMARY KEY, trigger_id TEXT NOT NULL, key TEXT NOT NULL, payload TEXT NOT NULL, state TEXT NOT NULL,
       attempts ${integer} NOT NULL, reason TEXT NOT NULL, due_at ${integer} NOT NULL, changed_at ${integer} NOT NULL`,
    ),
    `CREATE INDEX IF NOT EXISTS open_calls ON calls (due_at) WHERE state = 'open'`,
    table(
      'logs',
      `sequence ${sequence}, trigger_id TEXT NOT NULL, key TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
       changed_at ${integer} NOT NULL, UNIQUE (trigger_id, key)`,
    ),
    `CREATE INDEX IF NOT EXISTS open_logs ON logs (sequence) WHERE state = 'found'`,
    table(
      'leases',
      `work TEXT PRIMARY KEY, holder TEXT NOT NULL, until ${integer} NOT NULL, changed_at ${integer} NOT NULL`,
    ),
    table('cursors', 'name TEXT PRIMARY KEY, position TEXT NOT NULL'),
  ]
}
