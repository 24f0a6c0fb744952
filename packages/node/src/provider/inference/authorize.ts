import type { IncomingHttpHeaders } from 'node:http'
import { PaidRequest, type Price } from '@jejunetwork/sdk'
import { getAddress, type Hex, isAddress, isHex, keccak256, size } from 'viem'
import { type Book, type Books, type Charge, exhausted, openBook, refresh, stateOf, unpaid } from './books.ts'
import { OpenAiError } from './OpenAiError.ts'
import { loadCharge } from './rows.ts'

const LONGEST_LIFE_SECONDS = 600
const { HEADERS } = PaidRequest

/** Whose channel pays for a request: its session key signed this very path and body. Else 402, with the terms. */
export async function authorize(books: Books, request: authorize.Request): Promise<Book> {
  const { body, headers, path, terms } = request
  const [signer, id, signature] = [HEADERS.channel, HEADERS.request, HEADERS.signature].map(
    (name) => headers[name],
  )
  const expiry = Number(headers[HEADERS.expiry])
  if (signer === undefined || id === undefined || signature === undefined) {
    const how =
      'Payment is required: open a channel and use a client that pays, such as "jeju-compute proxy".'
    throw new OpenAiError(402, 'payment_required', how, { payment: { ...terms, ...publicTerms(books) } })
  }

  const now = Date.now() / 1000
  if (!(expiry > now && expiry < now + LONGEST_LIFE_SECONDS)) {
    throw new OpenAiError(
      402,
      'request_expired',
      `${HEADERS.expiry} must be a time in the next ${LONGEST_LIFE_SECONDS} seconds.`,
    )
  }
  const signed = { body, expiry, id: hex(id, 32), path }
  const proof = { payee: books.payee, request: signed, signature: hex(signature, 65) }
  const address =
    typeof signer === 'string' && isAddress(signer, { strict: false }) ? getAddress(signer) : undefined
  if (address === undefined || !(await PaidRequest.isSignedBy(address, proof))) {
    throw new OpenAiError(
      402,
      'signature_forged',
      `${HEADERS.signature} is not the session key's for this request, provider and chain.`,
    )
  }

  const book = await openBook(books, address)
  if (book === undefined) {
    const payment = { ...terms, ...publicTerms(books) }
    throw new OpenAiError(
      402,
      'no_channel',
      `The session key ${address} has no channel here. Call openChannel.`,
      { payment },
    )
  }
  return book
}

export declare namespace authorize {
  type Request = { headers: IncomingHttpHeaders; path: string; body: Uint8Array; terms?: object }
}

/** The charge of a request id: a new one, or that of an earlier attempt. */
export function chargeOf(books: Books, book: Book, request: chargeOf.Request): Charge {
  const { body, id, price } = request
  const bodyHash = keccak256(body)
  const known = loadCharge(books.options.journal, book.signer, id)
  if (known !== undefined && known.bodyHash !== bodyHash) {
    throw new OpenAiError(400, 'idempotency_key_reused', 'The idempotency key belongs to another request.')
  }
  return known ?? { bodyHash, id, price, usage: { inputTokens: 0, outputTokens: 0 } }
}

export declare namespace chargeOf {
  type Request = { id: Hex; body: Uint8Array; price: Price }
}

/** Looks at the chain again where the books say that a channel is closing: it may be closed by now, and open again. */
export async function thaw(books: Books, book: Book): Promise<void> {
  if (book.closingUntil === 0n && book.closeAt === 0) return
  await refresh(books, book)
  const { timestamp } = await books.options.client.getBlock()
  if (timestamp > book.closingUntil) book.closingUntil = 0n
}

/** Refuses a channel that cannot pay now: closing, in debt from an answer that broke off, or too little left for `cost`. */
export function requireFunds(books: Books, book: Book, cost: bigint): void {
  if (book.closeAt !== 0 || book.closingUntil > 0n) {
    throw new OpenAiError(
      402,
      'channel_closing',
      'The channel is being closed. Wait until it is, and open it again.',
    )
  }
  if (book.active === 0 && book.owed > book.paid)
    throw unpaid(books, book, 'payment_due', 'An earlier answer is not paid for.')
  if (book.owed + cost > book.deposit) throw exhausted(books, book)
}

/** What a payer must know before it has a channel. */
export function publicTerms(books: Books): object {
  const { asked: _, epoch: __, tokens: ___, voucher: ____, ...terms } = stateOf(books, NOBODY)
  return terms
}

function hex(value: unknown, bytes: number): Hex {
  if (isHex(value) && size(value) === bytes) return value
  throw new OpenAiError(402, 'signature_forged', `The payment headers must hold ${bytes} bytes of hex.`)
}

const NOBODY = { announced: 0n, epoch: 0, owed: 0n, tokens: 0n, voucher: null } as Book
