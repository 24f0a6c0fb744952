import { type Database, inTurn } from './Database.ts'
import type { Deliveries, Delivery } from './Store.ts'

const COLUMNS = 'trigger_id AS "triggerId", nonce, input, state, reason'
const MOST_OPEN = 500

export function deliveriesIn({ all, dialect: { now } }: Database): Deliveries {
  const get = async (triggerId: bigint, nonce: bigint) => {
    const sql = `SELECT ${COLUMNS} FROM deliveries WHERE trigger_id = $1 AND nonce = $2`
    const [row] = await all<Row>(sql, [`${triggerId}`, `${nonce}`])
    return row && deliveryOf(row)
  }
  return {
    async add({ input, nonce, triggerId }) {
      const sql = `INSERT INTO deliveries (trigger_id, nonce, input, state, reason, changed_at)
        VALUES ($1, $2, $3, 'accepted', '', ${now}) ON CONFLICT DO NOTHING`
      await all(sql, [`${triggerId}`, `${nonce}`, input])
      const stored = await get(triggerId, nonce)
      if (stored === undefined) throw new Error('A delivery that was stored is gone.')
      return stored
    },
    async close(triggerId, nonce, { reason = '', state }) {
      const sql = `UPDATE deliveries SET state = $1, reason = $2, changed_at = ${now} WHERE trigger_id = $3 AND nonce = $4`
      await all(sql, [state, reason, `${triggerId}`, `${nonce}`])
    },
    get,
    async open() {
      const sql = inTurn({
        columns: COLUMNS,
        most: MOST_OPEN,
        table: 'deliveries',
        which: `state = 'accepted'`,
      })
      return (await all<Row>(sql)).map(deliveryOf)
    },
  }
}

type Row = Omit<Delivery, 'triggerId' | 'nonce'> & { triggerId: string; nonce: string }

function deliveryOf({ nonce, triggerId, ...rest }: Row): Delivery {
  return { ...rest, nonce: BigInt(nonce), triggerId: BigInt(triggerId) }
}
