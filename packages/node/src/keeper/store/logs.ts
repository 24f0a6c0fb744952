import { type Database, inTurn } from './Database.ts'
import type { FoundLog, Logs } from './Store.ts'

const MOST_OPEN = 500

export function logsIn({ all, dialect: { now } }: Database): Logs {
  return {
    async add(logs) {
      const sql = `INSERT INTO logs (trigger_id, key, state, reason, changed_at)
        VALUES ($1, $2, 'found', '', ${now}) ON CONFLICT DO NOTHING RETURNING key`
      let count = 0
      for (const { key, triggerId } of logs) count += (await all(sql, [`${triggerId}`, `${key}`])).length
      return count
    },
    async close(triggerId, key, { reason = '', state }) {
      const sql = `UPDATE logs SET state = $1, reason = $2, changed_at = ${now} WHERE trigger_id = $3 AND key = $4`
      await all(sql, [state, reason, `${triggerId}`, `${key}`])
    },
    async open() {
      const columns = 'trigger_id AS "triggerId", key, state, reason'
      const sql = inTurn({ columns, most: MOST_OPEN, table: 'logs', which: `state = 'found'` })
      return (await all<Row>(sql)).map(({ key, triggerId, ...rest }) => ({
        ...rest,
        key: BigInt(key),
        triggerId: BigInt(triggerId),
      }))
    },
  }
}

type Row = Omit<FoundLog, 'triggerId' | 'key'> & { triggerId: string; key: string }
