import type { Hex } from 'viem'
import type { Journal } from '../journal.ts'

export type Delivery = {
  triggerId: bigint
  nonce: bigint
  input: Hex
  state: 'accepted' | 'executed' | 'failed' | 'refused'
  /** Why it was refused, in the chain's words. */
  reason: string
}

/** The deliveries that came in and were found authentic. Each is on disk before its sender hears so. */
export type Deliveries = {
  /** False if this trigger had a delivery with this nonce already. */
  add(delivery: Pick<Delivery, 'triggerId' | 'nonce' | 'input'>): boolean
  get(triggerId: bigint, nonce: bigint): Delivery | undefined
  /** Those still to be executed, oldest first. */
  open(): readonly Delivery[]
  close(triggerId: bigint, nonce: bigint, end: { state: Delivery['state']; reason?: string }): void
}

export function openDeliveries(journal: Journal): Deliveries {
  journal.exec(`CREATE TABLE IF NOT EXISTS deliveries (
    sequence INTEGER PRIMARY KEY,
    triggerId TEXT NOT NULL,
    nonce TEXT NOT NULL,
    input TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    UNIQUE (triggerId, nonce)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS openDeliveries ON deliveries (sequence) WHERE state = 'accepted'`)
  const insert = journal.prepare(
    `INSERT OR IGNORE INTO deliveries (triggerId, nonce, input, state, reason) VALUES (?, ?, ?, 'accepted', '')`,
  )
  const one = journal.prepare('SELECT * FROM deliveries WHERE triggerId = ? AND nonce = ?')
  const open = journal.prepare(
    `SELECT * FROM deliveries WHERE state = 'accepted' ORDER BY sequence LIMIT 500`,
  )
  const update = journal.prepare(
    'UPDATE deliveries SET state = ?, reason = ? WHERE triggerId = ? AND nonce = ?',
  )
  return {
    add: ({ input, nonce, triggerId }) => insert.run(String(triggerId), String(nonce), input).changes === 1,
    close: (triggerId, nonce, { reason = '', state }) =>
      void update.run(state, reason, String(triggerId), String(nonce)),
    get(triggerId, nonce) {
      const row = one.get(String(triggerId), String(nonce))
      return row === undefined ? undefined : deliveryOf(row as Row)
    },
    open: () => (open.all() as Row[]).map(deliveryOf),
  }
}

type Row = Omit<Delivery, 'triggerId' | 'nonce'> & { triggerId: string; nonce: string }

function deliveryOf({ input, nonce, reason, state, triggerId }: Row): Delivery {
  return { input, nonce: BigInt(nonce), reason, state, triggerId: BigInt(triggerId) }
}
