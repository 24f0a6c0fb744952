import type { Database } from './Database.ts'
import type { Cursors, Leases } from './Store.ts'

export function leasesIn({ all, dialect: { now, skipLocked, strings } }: Database): Leases {
  return {
    async release(work, { holder }) {
      const sql = `UPDATE leases SET until = 0 WHERE holder = $2 AND work IN (SELECT value FROM ${strings('$1')})`
      if (work.length > 0) await all(sql, [JSON.stringify(work), holder])
    },
    async take(work, { holder, leaseMs }) {
      if (work.length === 0) return new Set()
      // In one order, so that two keepers never wait for each other.
      const insert = `INSERT INTO leases (work, holder, until, changed_at)
        SELECT value, CAST($2 AS TEXT), 0, ${now} FROM ${strings('$1')} WHERE true ORDER BY value ON CONFLICT DO NOTHING`
      await all(insert, [JSON.stringify(work), holder])
      const free = `SELECT work FROM leases WHERE work IN (SELECT value FROM ${strings('$1')})
        AND (until <= ${now} OR holder = $2) ORDER BY work ${skipLocked}`
      const update = `UPDATE leases SET holder = $2, until = ${now} + $3, changed_at = ${now}
        WHERE work IN (${free}) RETURNING work`
      const rows = await all<{ work: string }>(update, [JSON.stringify(work), holder, leaseMs])
      return new Set(rows.map((row) => row.work))
    },
  }
}

export function cursorsIn({ all, dialect: { strings } }: Database): Cursors {
  return {
    async get(names) {
      if (names.length === 0) return new Map()
      const sql = `SELECT name, position FROM cursors WHERE name IN (SELECT value FROM ${strings('$1')})`
      const rows = await all<{ name: string; position: string }>(sql, [JSON.stringify(names)])
      return new Map(rows.map(({ name, position }) => [name, position]))
    },
    async set(names, position) {
      const sql = `INSERT INTO cursors (name, position) SELECT value, CAST($2 AS TEXT) FROM ${strings('$1')} WHERE true
        ORDER BY value ON CONFLICT (name) DO UPDATE SET position = excluded.position`
      if (names.length > 0) await all(sql, [JSON.stringify(names), position])
    },
  }
}
