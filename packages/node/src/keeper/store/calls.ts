import type { Database } from './Database.ts'
import type { Call, Calls } from './Store.ts'

const COLUMNS = 'id, trigger_id AS "triggerId", key, payload, state, attempts, reason'

export function callsIn({ all, dialect: { now, skipLocked } }: Database): Calls {
  return {
    async add({ id, key, payload, triggerId }) {
      const sql = `INSERT INTO calls (id, trigger_id, key, payload, state, attempts, reason, due_at, changed_at)
        VALUES ($1, $2, $3, $4, 'open', 0, '', ${now}, ${now}) ON CONFLICT DO NOTHING`
      await all(sql, [id, `${triggerId}`, `${key}`, payload])
    },
    async dead({ most }) {
      const sql = `SELECT ${COLUMNS} FROM calls WHERE state = 'dead' ORDER BY changed_at DESC, id LIMIT $1`
      return (await all<Row>(sql, [most])).map(callOf)
    },
    async end(id, { reason, state }) {
      const sql = `UPDATE calls SET state = $1, reason = $2, changed_at = ${now} WHERE id = $3`
      await all(sql, [state, reason, id])
    },
    async get(id) {
      const [row] = await all<Row>(`SELECT ${COLUMNS} FROM calls WHERE id = $1`, [id])
      return row && callOf(row)
    },
    async postpone(id, { inMs, reason }) {
      const sql = `UPDATE calls SET due_at = ${now} + $1, reason = $2, changed_at = ${now} WHERE id = $3 AND state = 'open'`
      await all(sql, [inMs, reason, id])
    },
    async replay(id) {
      const sql = `UPDATE calls SET state = 'open', attempts = 0, due_at = ${now}, changed_at = ${now}
        WHERE id = $1 AND state = 'dead' RETURNING id`
      return (await all(sql, [id])).length === 1
    },
    async take({ leaseMs, most }) {
      const due = `SELECT id FROM calls WHERE state = 'open' AND due_at <= ${now} ORDER BY due_at, id LIMIT $2 ${skipLocked}`
      const sql = `UPDATE calls SET attempts = attempts + 1, due_at = ${now} + $1, changed_at = ${now}
        WHERE id IN (${due}) RETURNING ${COLUMNS}`
      return (await all<Row>(sql, [leaseMs, most])).map(callOf)
    },
  }
}

type Row = Omit<Call, 'triggerId' | 'key'> & { triggerId: string; key: string }

function callOf({ key, triggerId, ...rest }: Row): Call {
  return { ...rest, key: BigInt(key), triggerId: BigInt(triggerId) }
}
