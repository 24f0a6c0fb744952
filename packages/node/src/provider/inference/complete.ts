import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { costOf, PaidRequest, type Price, type Usage } from '@jejunetwork/sdk'
import type { Hex, LocalAccount } from 'viem'
import { linked } from '../../linked.ts'
import type { Log } from '../../log.ts'
import { createAnswer } from './answer.ts'
import { authorize, chargeOf, requireFunds, thaw } from './authorize.ts'
import { type Book, type Books, type Charge, charge, refresh, refund, save } from './books.ts'
import { type CompletionRequest, readRequest } from './completionRequest.ts'
import type { Engine } from './engine.ts'
import { createEventStream } from './eventStream.ts'
import { errorBody, OpenAiError } from './OpenAiError.ts'
import type { Reserver } from './reserve.ts'
import { signReceipt } from './signReceipt.ts'
import type { Slots, Ticket } from './slots.ts'

const MOST_ATTEMPTS = 6
const MOST_REMEMBERED = 10_000
/** Bytes that a token stands for at most; runs of spaces are the longest. */
const LONGEST_TOKEN = 64
/** What the template puts around each message, at least. */
const TOKENS_OF_TURN = 4

/** Everything that answering needs. */
export type Counter = {
  /** Signs for the provider. */
  readonly account: LocalAccount
  readonly engine: Engine
  readonly model: string
  readonly books: Books
  readonly slots: Slots
  readonly reserve: Reserver
  readonly log: Log
  readonly signal: AbortSignal
  /** The price posted on chain. */
  price(): Promise<Price>
  /** Requests that run, by session key and id: a retry takes over. */
  readonly running: Map<string, Attempt>
  /** How often a request was asked for, by session key and id. */
  readonly asked: Map<string, number>
}

export type Attempt = { abort: () => void; done: Promise<void> }

export type Call = {
  chat: boolean
  path: string
  headers: IncomingHttpHeaders
  body: Uint8Array
  raw: ServerResponse
}

type Job = Call & {
  request: CompletionRequest
  prompt: Engine.Prompt
  price: Price
  /** Undefined where the model is free. */
  payer: { book: Book; entry: Charge } | undefined
  id: string
  signal: AbortSignal
}

/** Answers one request for text, paid as it goes. Before the first byte failures are thrown, later they end the stream. */
export async function complete(counter: Counter, call: Call): Promise<void> {
  const { books, engine } = counter
  const gone = linked(counter.signal)
  call.raw.on('close', () => gone.abort(new Error('The client is gone.')))
  const { signal } = gone

  const request = readRequest(call.body, call)
  requireModel(counter, request.model)
  const price = await counter.price()
  const isFree = price.inputPrice === 0n && price.outputPrice === 0n
  const terms = {
    inputPrice: String(price.inputPrice),
    model: counter.model,
    outputPrice: String(price.outputPrice),
  }
  const book = isFree ? undefined : await authorize(books, { ...call, terms })

  requireFit(request, engine)
  const prompt = request.messages
    ? engine.promptOfChat(request.messages)
    : engine.promptOfText(request.prompt)
  if (prompt.length >= engine.contextSize) throw tooLong(prompt.length, engine.contextSize)
  const job = { ...call, id: randomBytes(16).toString('hex'), price, prompt, request, signal }
  const abort = () => gone.abort(new Error('Another attempt took over.'))
  if (book === undefined) {
    return takeOver(counter, { abort, name: job.id }, () => answer(counter, { ...job, payer: undefined }))
  }

  const id = String(call.headers[PaidRequest.HEADERS.request]) as Hex
  const name = `${book.signer}:${id}`
  countAttempt(counter, name)
  await takeOver(counter, { abort, name }, async () => {
    const entry = chargeOf(books, book, { body: call.body, id, price })
    await thaw(books, book)
    const least = costOf({ inputTokens: prompt.length, outputTokens: 1 }, entry.price)
    if (book.owed + least > book.deposit) await refresh(books, book)
    requireFunds(books, book, least)
    book.active++
    try {
      await answer(counter, { ...job, payer: { book, entry } })
    } finally {
      book.active--
      save(books, book)
    }
  })
}

export function requireModel(counter: Counter, model: string): void {
  if (model === counter.model) return
  const message = `The model '${model}' is not served here; '${counter.model}' is.`
  throw new OpenAiError(404, 'model_not_found', message, { param: 'model' })
}

async function answer(counter: Counter, job: Job): Promise<void> {
  const { log, slots } = counter
  const ticket = slots.admit(job.payer?.book.signer ?? 'free')
  const since = performance.now()
  try {
    const usage = await speak(counter, job, ticket)
    const ms = Math.round(performance.now() - since)
    log.info('request answered', { ...usage, ms, signer: job.payer?.book.signer })
  } catch (error) {
    fail(counter, job, error)
  } finally {
    ticket.leave()
  }
}

async function speak(counter: Counter, job: Job, ticket: Ticket): Promise<Usage> {
  const { books, engine, model } = counter
  const { chat, id, payer, prompt, raw, request, signal } = job
  const stream = createEventStream(raw, signal)
  const form = createAnswer({ chat, id, includeUsage: request.stream && request.includeUsage, model })
  // A request without `stream` is answered in one piece, but a payer gets the text as it pays for it.
  const streams = request.stream || payer !== undefined
  let usage = { inputTokens: prompt.length, outputTokens: 0 }
  let text = ''
  const note = (more?: object) => payer && { ...noteOf(payer.book, usage), ...more }
  const pay = async () => {
    if (payer) await charge(books, { ...payer, onAnnounce: () => stream.note(note() ?? {}), signal, usage })
  }

  if (streams) stream.open(payer && headersOf(payer))
  const first = form.first()
  if (streams && first) await stream.send(first)
  // A prompt above the credit is paid before a place is taken: who does not pay holds none.
  const before = payer?.entry.usage
  if (payer && costOf(usage, payer.entry.price) > books.credit) await pay()
  await ticket.start(signal).catch((error: unknown) => {
    if (payer && before) refund(payer, before)
    throw error
  })
  await pay()

  const maxTokens = Math.min(
    request.maxTokens ?? Number.POSITIVE_INFINITY,
    engine.contextSize - prompt.length,
  )
  const seed = (request.seed ?? Number.parseInt((payer?.entry.id ?? `0x${id}`).slice(2, 10), 16)) >>> 0
  const pieces = engine.generate(prompt, { maxTokens, sampling: request.sampling, seed, signal })
  try {
    for (let next = await pieces.next(); ; next = await pieces.next()) {
      if (next.done) {
        const end = { finish: next.value, usage }
        if (!streams) return sendWhole(raw, form.whole(text, end), usage)
        const receipt = payer && (await signReceipt(books, { ...counter, ...job, ...payer, text, usage }))
        await stream.send(form.last(next.value), { note: note({ done: true, receipt }) })
        if (request.stream && request.includeUsage) await stream.send(form.usage(usage))
        if (!request.stream) await stream.send(form.whole(text, end), { event: 'response' })
        await stream.send('[DONE]')
        stream.end()
        return usage
      }
      usage = { ...usage, outputTokens: usage.outputTokens + next.value.tokens }
      await pay()
      text += next.value.text
      if (streams) await stream.send(form.piece(next.value.text), { note: note() })
    }
  } finally {
    await pieces.return('stop')
  }
}

function headersOf({ book, entry }: { book: Book; entry: Charge }): Record<string, string> {
  const { inputPrice, outputPrice } = entry.price
  return { 'jeju-epoch': String(book.epoch), 'jeju-price': `${inputPrice}/${outputPrice}` }
}

/** What a payer is told with each piece: the request's tokens so far, and what the channel is asked for in all. */
function noteOf(book: Book, { inputTokens, outputTokens }: Usage): object {
  return { asked: String(book.owed + book.announced), input: inputTokens, output: outputTokens }
}

function sendWhole(raw: ServerResponse, body: object, usage: Usage): Usage {
  raw.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))
  return usage
}

/** Before the first byte the error is thrown on; afterwards it is the stream's last event. */
function fail({ log, signal }: Counter, { payer, raw }: Job, error: unknown): void {
  if (raw.closed || raw.destroyed) {
    log.info('request broken off', { signer: payer?.book.signer })
    return
  }
  if (!raw.headersSent) throw error
  const known = error instanceof OpenAiError
  const stopping = new OpenAiError(503, 'shutting_down', 'The provider is stopping. Try again.')
  const failure = known
    ? error
    : signal.aborted
      ? stopping
      : new OpenAiError(500, 'internal_error', 'The answer broke off.')
  if (known) log.info('request stopped', { code: error.code, signer: payer?.book.signer })
  else log.error('request failed', { error })
  raw.end(`data: ${JSON.stringify(errorBody(failure))}\n\n`)
}

/** A retry costs nothing but what goes beyond, so there is an end to them. Forgets the oldest requests, and all at a restart. */
function countAttempt({ asked }: Counter, name: string): void {
  const count = (asked.get(name) ?? 0) + 1
  if (count > MOST_ATTEMPTS) {
    const message = `The request was made ${MOST_ATTEMPTS} times. Make it anew, under another id.`
    throw new OpenAiError(400, 'too_many_retries', message)
  }
  asked.delete(name)
  asked.set(name, count)
  if (asked.size > MOST_REMEMBERED) asked.delete(asked.keys().next().value as string)
}

/** Refuses what cannot fit before it is turned into tokens, for which the whole node would wait. */
function requireFit({ messages, prompt }: CompletionRequest, { contextSize }: Engine): void {
  const bytes = messages
    ? messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0)
    : Buffer.byteLength(prompt)
  const fewest = Math.floor(bytes / LONGEST_TOKEN) + (messages?.length ?? 0) * TOKENS_OF_TURN
  if (fewest >= contextSize) throw tooLong(fewest, contextSize)
}

/** Runs `work` as the only attempt of its name, after ending an earlier one. */
async function takeOver(
  { running }: Counter,
  { abort, name }: { name: string; abort: () => void },
  work: () => Promise<void>,
): Promise<void> {
  for (let earlier = running.get(name); earlier !== undefined; earlier = running.get(name)) {
    earlier.abort()
    await earlier.done
  }
  const { promise, resolve } = Promise.withResolvers<void>()
  running.set(name, { abort, done: promise })
  try {
    await work()
  } finally {
    running.delete(name)
    resolve()
  }
}

function tooLong(tokens: number, most: number): OpenAiError {
  const message = `This model's maximum context length is ${most} tokens; the prompt has ${tokens} or more.`
  return new OpenAiError(400, 'context_length_exceeded', message, { param: 'messages' })
}
