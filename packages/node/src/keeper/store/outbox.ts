import type { Address, Hex } from 'viem'
import type { Outbox } from '../../send.ts'
import type { Database } from './Database.ts'

export function outboxIn({ all }: Database, lane: Address): Outbox {
  return {
    close: async (nonce) =>
      void (await all('DELETE FROM outbox WHERE lane = $1 AND nonce = $2', [lane, nonce])),
    async open() {
      const columns = 'nonce, signed, max_fee AS "maxFee", max_tip AS "maxTip"'
      const sql = `SELECT ${columns} FROM outbox WHERE lane = $1 ORDER BY nonce, sequence`
      return (await all<Row>(sql, [lane])).map(entryOf)
    },
    async put({ most, nonce, signed }) {
      await all(
        `INSERT INTO outbox (lane, nonce, signed, max_fee, max_tip) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
        [lane, nonce, signed, text(most?.maxFeePerGas), text(most?.maxPriorityFeePerGas)],
      )
    },
  }
}

type Row = { nonce: number; signed: Hex; maxFee: string | null; maxTip: string | null }

function entryOf({ maxFee, maxTip, nonce, signed }: Row): Outbox.Entry {
  const isCapped = maxFee !== null && maxTip !== null
  const most = isCapped ? { maxFeePerGas: BigInt(maxFee), maxPriorityFeePerGas: BigInt(maxTip) } : undefined
  return { most, nonce, signed }
}

const text = (fee: bigint | undefined) => fee?.toString() ?? null
