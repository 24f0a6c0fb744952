import { type Address, type Hex, zeroAddress } from 'viem'
import type { Journal } from '../../journal.ts'
import type { Book, Charge } from './books.ts'

/** What a node must remember of its channels, all in one currency. Wei are text: SQLite's integers are too short. */
export function createTables(journal: Journal, token: Address): void {
  journal.exec(`
    CREATE TABLE IF NOT EXISTS inference_currency (token TEXT PRIMARY KEY) STRICT;
    CREATE TABLE IF NOT EXISTS inference_channel (
      signer TEXT PRIMARY KEY, epoch INTEGER NOT NULL, owed TEXT NOT NULL, tokens TEXT NOT NULL, paid TEXT NOT NULL,
      paid_tokens TEXT NOT NULL, voucher TEXT, closing_until TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS inference_request (
      signer TEXT NOT NULL, id TEXT NOT NULL, body_hash TEXT NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL,
      input_price TEXT NOT NULL, output_price TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (signer, id)
    ) STRICT, WITHOUT ROWID;`)
  requireCurrency(journal, token)
}

/** Warning: an amount in one currency, read as one of another, would be served for or settled. */
function requireCurrency(journal: Journal, token: Address): void {
  const written = journal.prepare('SELECT token FROM inference_currency').get()?.['token']
  const isUsed = journal.prepare('SELECT signer FROM inference_channel LIMIT 1').get() !== undefined
  const known = written ?? (isUsed ? zeroAddress : token)
  if (known !== token)
    throw new Error(
      `The books in this folder are in ${known === zeroAddress ? 'ether' : known}. Use another folder to charge ${token}.`,
    )
  journal.prepare('INSERT OR IGNORE INTO inference_currency VALUES (?)').run(token)
}

type Row = Pick<Book, 'epoch' | 'owed' | 'tokens' | 'paid' | 'paidTokens' | 'voucher' | 'closingUntil'>

export function loadRow(journal: Journal, signer: Address): Row | undefined {
  const row = journal.prepare('SELECT * FROM inference_channel WHERE signer = ?').get(signer)
  if (row === undefined) return undefined
  return {
    closingUntil: BigInt(String(row['closing_until'])),
    epoch: Number(row['epoch']),
    owed: BigInt(String(row['owed'])),
    paid: BigInt(String(row['paid'])),
    paidTokens: BigInt(String(row['paid_tokens'])),
    tokens: BigInt(String(row['tokens'])),
    voucher: row['voucher'] as Hex | null,
  }
}

export function saveRow(journal: Journal, book: Book): void {
  const { closingUntil, epoch, owed, paid, paidTokens, signer, tokens, voucher } = book
  const numbers = [owed, tokens, paid, paidTokens].map(String)
  journal
    .prepare('INSERT OR REPLACE INTO inference_channel VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    .run(signer, epoch, ...numbers, voucher, String(closingUntil))
}

/** The session keys with a voucher. */
export function signersWithVoucher(journal: Journal): Address[] {
  const rows = journal.prepare('SELECT signer FROM inference_channel WHERE voucher IS NOT NULL').all()
  return rows.map(({ signer }) => signer as Address)
}

export function loadCharge(journal: Journal, signer: Address, id: Hex): Charge | undefined {
  const row = journal.prepare('SELECT * FROM inference_request WHERE signer = ? AND id = ?').get(signer, id)
  if (row === undefined) return undefined
  return {
    bodyHash: row['body_hash'] as Hex,
    id,
    price: {
      inputPrice: BigInt(String(row['input_price'])),
      outputPrice: BigInt(String(row['output_price'])),
    },
    usage: { inputTokens: Number(row['input']), outputTokens: Number(row['output']) },
  }
}

export function saveCharge(journal: Journal, signer: Address, { bodyHash, id, price, usage }: Charge): void {
  const { inputTokens, outputTokens } = usage
  const prices = [String(price.inputPrice), String(price.outputPrice)]
  journal
    .prepare('INSERT OR REPLACE INTO inference_request VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    .run(signer, id, bodyHash, inputTokens, outputTokens, ...prices, Date.now())
}

/** Forgets requests that no client retries any more. */
export function forgetCharges(journal: Journal, { before }: { before: number }): void {
  journal.prepare('DELETE FROM inference_request WHERE at < ?').run(before)
}
