import {
  type ChannelState,
  costOf,
  type Deployment,
  Inference,
  type Price,
  type Usage,
  Voucher,
} from '@jejunetwork/sdk'
import type { Address, Hex, PublicClient } from 'viem'
import { atomically, type Journal } from '../../journal.ts'
import type { Amount } from '../../money.ts'
import { OpenAiError } from './OpenAiError.ts'
import { createTables, loadRow, saveCharge, saveRow } from './rows.ts'

/** One channel: what was delivered, what was paid for, and what the chain holds. Amounts are totals of its life. */
export type Book = {
  readonly signer: Address
  epoch: number
  deposit: bigint
  claimed: bigint
  closeAt: number
  /** Delivered. Never more than `paid` and the credit. */
  owed: bigint
  tokens: bigint
  /** Prompts larger than the credit, asked for before they are read. */
  announced: bigint
  /** What the last voucher says. */
  paid: bigint
  paidTokens: bigint
  voucher: Hex | null
  /** Chain time until which a close that we signed may come; nothing is served meanwhile. */
  closingUntil: bigint
  active: number
  readAt: number
  readonly waiting: Set<() => void>
  readonly unsaved: Set<Charge>
}

/** What one request was charged, over all of its attempts: a retry pays only for what goes beyond. */
export type Charge = { readonly id: Hex; readonly bodyHash: Hex; readonly price: Price; usage: Usage }

/** All channels with this provider. The journal is written before anything that a voucher pays for is sent. */
export type Books = {
  readonly options: Books.Options
  readonly payee: Voucher.Payee
  readonly open: Map<Address, Promise<Book>>
  /** Wei that may stand unpaid on a channel. */
  credit: bigint
}

export declare namespace Books {
  type Options = {
    client: PublicClient
    deployment: Deployment
    provider: Address
    /** What is charged; ether is the zero address. */
    token: Address
    /** Writes amounts of it for people. */
    shown: Amount
    journal: Journal
    window: { tokens: number; ms: number }
    /** How long an answer waits for a voucher. */
    patienceMs: number
  }
}

const CHAIN_AGE_MS = 15_000
const CHAIN_LOST_MS = 600_000
/** So long an earlier epoch is taken for the answer of a replica that lags, not for a chain that turned back. */
const LAG_MS = 60_000

export function createBooks(options: Books.Options): Books {
  const { deployment, journal, provider, token } = options
  createTables(journal, token)
  const payee = {
    chainId: deployment.chainId,
    contract: deployment.inferenceServing,
    provider,
    token,
  }
  return { credit: 0n, open: new Map(), options, payee }
}

/** Two windows of output may stand unpaid. */
export function setCredit(books: Books, price: Price): void {
  books.credit = costOf({ inputTokens: 0, outputTokens: 2 * books.options.window.tokens }, price)
}

/** The book of a session key, as fresh as serving needs; undefined if it has no channel with money here. */
export async function openBook(books: Books, signer: Address): Promise<Book | undefined> {
  const loading = loadedBook(books, signer)
  const book = await loading
  const age = Date.now() - book.readAt
  if (age > CHAIN_AGE_MS) {
    await refresh(books, book).catch((error: unknown) => {
      // A close takes an hour at least: a chain that does not answer for a while stops nobody.
      if (age > CHAIN_LOST_MS) throw error
    })
  }
  if (book.deposit > 0n) return book
  // Only this book, which may have been replaced since: two books of one channel would give credit twice.
  if (books.open.get(signer) === loading) books.open.delete(signer)
  return undefined
}

/** The book of a session key, read from journal and chain once. */
export function loadedBook(books: Books, signer: Address): Promise<Book> {
  const known = books.open.get(signer)
  if (known !== undefined) return known
  const loading = load(books, signer)
  books.open.set(signer, loading)
  loading.catch(() => books.open.delete(signer))
  return loading
}

/** Reads the chain again. A channel closed meanwhile begins anew; what was not settled in it is lost, so settle in time. */
export async function refresh(books: Books, book: Book): Promise<void> {
  const { client, deployment, provider, token } = books.options
  const chain = await Inference.channelOf(client, { deployment, provider, signer: book.signer, token })
  if (chain.epoch < book.epoch && Date.now() - book.readAt < LAG_MS) return
  if (chain.epoch !== book.epoch) {
    Object.assign(book, {
      announced: 0n,
      closingUntil: 0n,
      epoch: chain.epoch,
      owed: 0n,
      paid: 0n,
      voucher: null,
    })
    Object.assign(book, { paidTokens: chain.tokens, tokens: chain.tokens })
  }
  if (chain.claimed > book.paid) {
    // Settled with a voucher that this journal does not know.
    Object.assign(book, { paid: chain.claimed, paidTokens: chain.tokens })
    if (chain.claimed > book.owed) Object.assign(book, { owed: chain.claimed, tokens: chain.tokens })
  }
  Object.assign(book, {
    claimed: chain.claimed,
    closeAt: chain.closeAt,
    deposit: chain.deposit,
    readAt: Date.now(),
  })
  wake(book)
}

/** Takes a voucher, writes it down, and lets go on what waited for it. False for an old one; a forged one throws. */
export async function accept(
  books: Books,
  book: Book,
  { base, voucher }: { voucher: Hex; base: bigint },
): Promise<boolean> {
  if (!(await Voucher.isFrom(book.signer, { payee: books.payee, voucher }))) {
    throw new OpenAiError(
      402,
      'voucher_forged',
      'The voucher is not signed by its session key for this provider, contract and chain.',
    )
  }
  const { cumulative, epoch, tokens } = Voucher.tallyOf(voucher)
  if (cumulative > book.deposit || epoch !== book.epoch) await refresh(books, book)
  if (epoch !== book.epoch) {
    throw new OpenAiError(
      402,
      'voucher_epoch',
      `The voucher is of epoch ${epoch}; the channel is in epoch ${book.epoch}.`,
    )
  }
  if (cumulative > book.deposit) {
    throw new OpenAiError(
      402,
      'channel_exhausted',
      `The voucher says ${cumulative} wei; the channel holds ${book.deposit}.`,
    )
  }
  // One that builds on less than is paid would swallow what another process with this key signed: it signs again.
  if (cumulative <= book.paid || base < book.paid || tokens < book.paidTokens) return false

  Object.assign(book, { paid: cumulative, paidTokens: tokens, voucher })
  save(books, book)
  wake(book)
  return true
}

/** Charges a request for what it now gets in all, as soon as the credit allows. Ends with 402 if nobody pays in time. */
export async function charge(books: Books, order: charge.Order): Promise<void> {
  const { book, entry, onAnnounce, signal, usage } = order
  const cost = costOf(usage, entry.price) - costOf(entry.usage, entry.price)
  if (
    cost < 0n ||
    usage.inputTokens + usage.outputTokens <= entry.usage.inputTokens + entry.usage.outputTokens
  )
    return

  const announced = cost > books.credit ? cost : 0n
  book.announced += announced
  try {
    if (announced > 0n) await onAnnounce?.()
    let deadline = Date.now() + books.options.patienceMs
    for (let paid = book.paid; ; ) {
      if (book.owed + cost > book.deposit) await refresh(books, book)
      if (book.owed + cost > book.deposit) throw exhausted(books, book)
      if (book.owed + cost <= book.paid + books.credit) break
      if (Date.now() >= deadline)
        throw unpaid(books, book, 'payment_timeout', 'The answer stopped: no voucher came in time.')
      await voucherOrTimeout(book, { ms: deadline - Date.now(), signal })
      // A wei now and then buys no more patience.
      if (book.paid - paid < books.credit / 4n || book.paid === paid) continue
      deadline = Date.now() + books.options.patienceMs
      paid = book.paid
    }
  } finally {
    book.announced -= announced
  }

  book.owed += cost
  book.tokens += BigInt(
    usage.inputTokens + usage.outputTokens - entry.usage.inputTokens - entry.usage.outputTokens,
  )
  entry.usage = usage
  book.unsaved.add(entry)
}

export declare namespace charge {
  type Order = {
    book: Book
    entry: Charge
    usage: Usage
    signal: AbortSignal
    /** A cost above the credit must be paid first: tell the payer. */
    onAnnounce?: () => Promise<void>
  }
}

/** Takes back what a request was charged since `before`: it got nothing for it. What was paid pays for the next one. */
export function refund({ book, entry }: Pick<charge.Order, 'book' | 'entry'>, before: Usage): void {
  const { price, usage } = entry
  book.owed -= costOf(usage, price) - costOf(before, price)
  book.tokens -= BigInt(usage.inputTokens + usage.outputTokens - before.inputTokens - before.outputTokens)
  entry.usage = before
}

/** Writes the book and its changed charges, whole or not at all. */
export function save(books: Books, book: Book): void {
  const { journal } = books.options
  atomically(journal, () => {
    saveRow(journal, book)
    for (const entry of book.unsaved) saveCharge(journal, book.signer, entry)
  })
  book.unsaved.clear()
}

/** What a payer needs to know, in the form of the SDK. */
export function stateOf(books: Books, book: Book): ChannelState {
  return {
    asked: String(book.owed + book.announced),
    credit: String(books.credit),
    epoch: book.epoch,
    tokens: String(book.tokens),
    ...books.payee,
    voucher: book.voucher,
    window: books.options.window,
  }
}

/** The channel holds too little to go on. */
export function exhausted(books: Books, book: Book): OpenAiError {
  const left = book.deposit - book.owed
  const message = `The channel has ${left} wei left, too little to go on. Add to it with fundChannel.`
  return new OpenAiError(402, 'channel_exhausted', message, { payment: stateOf(books, book) })
}

/** `what` happened because vouchers lack; says over how much to sign. */
export function unpaid(books: Books, book: Book, code: string, what: string): OpenAiError {
  const message = `${what} ${book.owed - book.paid} wei are unpaid: sign a voucher over ${book.owed} wei.`
  return new OpenAiError(402, code, message, { payment: stateOf(books, book) })
}

async function load(books: Books, signer: Address): Promise<Book> {
  const book: Book = {
    active: 0,
    announced: 0n,
    claimed: 0n,
    closeAt: 0,
    closingUntil: 0n,
    deposit: 0n,
    epoch: -1,
    owed: 0n,
    paid: 0n,
    paidTokens: 0n,
    readAt: 0,
    signer,
    tokens: 0n,
    unsaved: new Set(),
    voucher: null,
    waiting: new Set(),
    ...loadRow(books.options.journal, signer),
  }
  await refresh(books, book)
  return book
}

function wake({ waiting }: Book): void {
  for (const resume of waiting) resume()
}

async function voucherOrTimeout(
  { waiting }: Book,
  { ms, signal }: { ms: number; signal: AbortSignal },
): Promise<void> {
  signal.throwIfAborted()
  const { promise, reject, resolve } = Promise.withResolvers<void>()
  const stop = () => reject(signal.reason)
  const timer = setTimeout(resolve, ms)
  waiting.add(resolve)
  signal.addEventListener('abort', stop)
  try {
    await promise
  } finally {
    clearTimeout(timer)
    waiting.delete(resolve)
    signal.removeEventListener('abort', stop)
  }
}
