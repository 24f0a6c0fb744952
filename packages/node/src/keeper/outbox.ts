import type { Hex } from 'viem'
import type { Journal } from '../journal.ts'
import type { Outbox } from '../send.ts'

/** An outbox on disk. */
export function openOutbox(journal: Journal): Outbox {
  journal.exec(`CREATE TABLE IF NOT EXISTS outbox (
    sequence INTEGER PRIMARY KEY,
    nonce INTEGER NOT NULL,
    signed TEXT NOT NULL UNIQUE,
    maxFeePerGas TEXT,
    maxPriorityFeePerGas TEXT
  ) STRICT`)
  const all = journal.prepare('SELECT * FROM outbox ORDER BY nonce, sequence')
  const insert = journal.prepare(
    'INSERT OR IGNORE INTO outbox (nonce, signed, maxFeePerGas, maxPriorityFeePerGas) VALUES (?, ?, ?, ?)',
  )
  const remove = journal.prepare('DELETE FROM outbox WHERE nonce = ?')
  return {
    close: (nonce) => void remove.run(nonce),
    open: () => (all.all() as Row[]).map(entryOf),
    put({ most, nonce, signed }) {
      const fees = [most?.maxFeePerGas, most?.maxPriorityFeePerGas].map((fee) => fee?.toString() ?? null)
      insert.run(nonce, signed, ...fees)
    },
  }
}

type Row = { nonce: number; signed: Hex; maxFeePerGas: string | null; maxPriorityFeePerGas: string | null }

function entryOf({ maxFeePerGas, maxPriorityFeePerGas, nonce, signed }: Row): Outbox.Entry {
  const most =
    maxFeePerGas === null || maxPriorityFeePerGas === null
      ? undefined
      : { maxFeePerGas: BigInt(maxFeePerGas), maxPriorityFeePerGas: BigInt(maxPriorityFeePerGas) }
  return { most, nonce, signed }
}
