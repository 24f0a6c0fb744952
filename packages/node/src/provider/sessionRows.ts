import type { Rental } from '@jejunetwork/sdk'
import type { Journal } from '../journal.ts'

/** What the node remembers of a session. Times are unix seconds of the chain; `closedAt` is 0 while it is open. */
export type SessionRow = {
  sessionId: bigint
  tenant: string
  sshPublicKey: string
  status: Rental.Status
  reason: string
  endTime: number
  closedAt: number
  /** The chain knows that its time ran out. */
  terminated: boolean
  /** Nothing is left to do, not even to collect. */
  done: boolean
}

export type SessionRows = {
  get(sessionId: bigint): SessionRow | undefined
  put(row: SessionRow): void
  /** Those not done. */
  open(): SessionRow[]
}

/** Forgets all rows when `chain` names another one than last time: ids start again after a reset. */
export function openSessionRows(journal: Journal, { chain }: { chain: string }): SessionRows {
  journal.exec(`
    CREATE TABLE IF NOT EXISTS session (
      id TEXT PRIMARY KEY, tenant TEXT NOT NULL, key TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL,
      end_time INTEGER NOT NULL, closed_at INTEGER NOT NULL, terminated INTEGER NOT NULL, done INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS session_chain (chain TEXT PRIMARY KEY) STRICT`)
  if (journal.prepare('SELECT 1 FROM session_chain WHERE chain = ?').get(chain) === undefined) {
    journal.exec('DELETE FROM session; DELETE FROM session_chain')
    journal.prepare('INSERT INTO session_chain VALUES (?)').run(chain)
  }

  const get = journal.prepare('SELECT * FROM session WHERE id = ?')
  const open = journal.prepare('SELECT * FROM session WHERE done = 0')
  const put = journal.prepare('INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
  return {
    get(sessionId) {
      const row = get.get(sessionId.toString())
      return row === undefined ? undefined : fromRow(row)
    },
    open: () => open.all().map(fromRow),
    put(row) {
      put.run(
        row.sessionId.toString(),
        row.tenant,
        row.sshPublicKey,
        row.status,
        row.reason,
        row.endTime,
        row.closedAt,
        Number(row.terminated),
        Number(row.done),
      )
    },
  }
}

function fromRow(row: Record<string, unknown>): SessionRow {
  return {
    closedAt: Number(row['closed_at']),
    done: row['done'] === 1,
    endTime: Number(row['end_time']),
    reason: String(row['reason']),
    sessionId: BigInt(String(row['id'])),
    sshPublicKey: String(row['key']),
    status: row['status'] as Rental.Status,
    tenant: String(row['tenant']),
    terminated: row['terminated'] === 1,
  }
}
