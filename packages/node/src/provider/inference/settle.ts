import { Inference, InferenceServingAbi } from '@jejunetwork/sdk'
import { concatHex, type PublicClient } from 'viem'
import type { Log } from '../../log.ts'
import type { Sender } from '../../send.ts'
import { type Book, type Books, loadedBook, refresh } from './books.ts'
import { signersWithVoucher } from './rows.ts'

/** About what a settlement costs: once, and for each voucher. */
const GAS = { each: 9_900n, once: 29_000n }
const MOST_VOUCHERS = 400

/**
 * Brings vouchers on chain: all of them when together they are worth `gasMultiple` times the gas, or `least` units of a token,
 * which has no price in gas here; and at once when one of their channels is being closed. Looks at the chain, not at events, so a missed one costs nothing.
 */
export async function settle(books: Books, options: settle.Options): Promise<bigint> {
  const { gasMultiple, least, log, sender } = options
  const { client, deployment, provider, shown, token } = books.options
  const due = await unsettled(books)
  if (due.length === 0) return 0n

  const worth = due.reduce((sum, { amount }) => sum + amount, 0n)
  const gas = GAS.once + GAS.each * BigInt(due.length)
  const isUrgent = due.some(({ book }) => book.closeAt !== 0)
  const enough = token === Inference.ETHER ? gasMultiple * gas * (await gasPrice(client)) : least
  if (!isUrgent && worth < enough) return 0n

  for (let start = 0; start < due.length; start += MOST_VOUCHERS) {
    const part = due.slice(start, start + MOST_VOUCHERS).map(({ book }) => book)
    const packed = concatHex(part.map(({ voucher }) => voucher ?? '0x'))
    await sender.write({
      abi: InferenceServingAbi,
      address: deployment.inferenceServing,
      args: [provider, token, packed],
      functionName: 'settle',
    })
    for (const book of part) await refresh(books, book)
  }
  log.info('vouchers settled', { amount: shown(worth), isUrgent, vouchers: due.length })
  return worth
}

export declare namespace settle {
  type Options = { sender: Sender; log: Log; gasMultiple: bigint; least: bigint }
}

/** Channels with a voucher that is worth more than what was claimed. */
async function unsettled(books: Books): Promise<{ book: Book; amount: bigint }[]> {
  const due: { book: Book; amount: bigint }[] = []
  const { timestamp } = await books.options.client.getBlock()
  for (const signer of signersWithVoucher(books.options.journal)) {
    const book = await loadedBook(books, signer)
    if (book.paid > book.claimed) await refresh(books, book)
    // A close was agreed at less than the voucher says: settling that first would break our word.
    const isPromised = book.closingUntil >= timestamp && book.paid > book.owed
    if (isPromised || book.voucher === null || book.paid <= book.claimed) continue
    due.push({ amount: book.paid - book.claimed, book })
  }
  return due
}

async function gasPrice(client: PublicClient): Promise<bigint> {
  const { baseFeePerGas } = await client.getBlock()
  return baseFeePerGas ?? client.getGasPrice()
}
