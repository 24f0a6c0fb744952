import { Receipt, type Usage, Voucher } from '@jejunetwork/sdk'
import type { Hex, LocalAccount } from 'viem'
import type { Book, Books, Charge } from './books.ts'
import { signHash } from './signHash.ts'

/** The provider's word on one answer, and on what the channel owes with it. */
export async function signReceipt(books: Books, delivery: signReceipt.Delivery): Promise<signReceipt.Result> {
  const { account, body, book, entry, model, path, text, usage } = delivery
  const tally = { cumulative: book.owed, epoch: book.epoch, tokens: book.tokens }
  const receipt: Receipt.Receipt = {
    model,
    payee: books.payee,
    price: entry.price,
    request: Receipt.requestHash({ body, id: entry.id, path }),
    response: Receipt.responseHash(text),
    signer: book.signer,
    tally,
    usage,
  }
  const signature = await signHash(account, Receipt.digest(receipt))
  return { signature, tally: String(Voucher.packTally(tally)) }
}

export declare namespace signReceipt {
  type Delivery = {
    account: LocalAccount
    book: Book
    entry: Charge
    model: string
    path: string
    body: Uint8Array
    text: string
    usage: Usage
  }
  type Result = { signature: Hex; tally: string }
}
