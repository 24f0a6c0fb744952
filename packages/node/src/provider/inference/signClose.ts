import { Inference, type Voucher } from '@jejunetwork/sdk'
import type { Hex } from 'viem'
import { authorize, requireFunds, thaw } from './authorize.ts'
import { save } from './books.ts'
import type { Call, Counter } from './complete.ts'
import { OpenAiError } from './OpenAiError.ts'
import { signHash } from './signHash.ts'

/** The contract takes deadlines up to 10 minutes ahead. */
const LIFE_SECONDS = 540n

/** Agrees to a close at what is paid. Nothing is served until the close has come or can come no more. */
export async function signClose(
  counter: Counter,
  request: Pick<Call, 'body' | 'headers' | 'path'>,
): Promise<signClose.Result> {
  const { account, books } = counter
  const book = await authorize(books, request)
  const { timestamp } = await books.options.client.getBlock()
  await thaw(books, book)
  if (book.active > 0)
    throw new OpenAiError(
      409,
      'channel_busy',
      'A request still runs on the channel. Try again when it is done.',
    )
  requireFunds(books, book, 0n)

  const deadline = timestamp + LIFE_SECONDS
  // What was signed beyond what was delivered goes back.
  const { claimed, paidTokens: tokens } = book
  let cumulative = book.owed
  if (cumulative < claimed) cumulative = claimed
  const tally: Voucher.Tally = { cumulative, epoch: book.epoch, tokens }
  book.closingUntil = deadline
  save(books, book)

  const hash = Inference.closeDigest(books.payee, { deadline, signer: book.signer, tally })
  const signature = await signHash(account, hash)
  return {
    cumulative: String(cumulative),
    deadline: String(deadline),
    epoch: book.epoch,
    signature,
    tokens: String(tokens),
  }
}

export declare namespace signClose {
  type Result = { epoch: number; cumulative: string; tokens: string; deadline: string; signature: Hex }
}
