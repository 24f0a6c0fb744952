import { Voucher } from '@jejunetwork/sdk'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Address, getAddress, type Hex, isAddress, isHex, size, zeroAddress } from 'viem'
import { accept, type Book, openBook, stateOf } from './books.ts'
import { type Counter, complete, requireModel } from './complete.ts'
import { errorBody, OpenAiError } from './OpenAiError.ts'
import { signClose } from './signClose.ts'

const LARGEST_BODY = 1 << 20

/** The inference routes: OpenAI's, and the payer's side channel. Failures have OpenAI's shape. */
export function addRoutes(app: FastifyInstance, counter: Counter): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { bodyLimit: LARGEST_BODY, parseAs: 'buffer' }, (_, body, done) =>
      done(null, body),
    )
    scope.setErrorHandler((error, _, reply) => sendError(counter, reply, error))
    scope.addHook('onRequest', async (_, reply) => allowBrowsers(reply))

    for (const [path, chat] of [
      ['/v1/chat/completions', true],
      ['/v1/completions', false],
    ] as const) {
      scope.post(path, { bodyLimit: LARGEST_BODY }, async (request, reply) => {
        const { headers } = request
        reply.hijack()
        await complete(counter, { body: bodyOf(request), chat, headers, path, raw: reply.raw }).catch(
          (error: unknown) => sendRaw(counter, reply, error),
        )
      })
      scope.options(path, async (_, reply) => reply.code(204).send())
    }

    scope.get('/v1/models', async () => ({ data: [await modelObject(counter)], object: 'list' }))
    scope.get<{ Params: { id: string } }>('/v1/models/:id', async ({ params }) => {
      requireModel(counter, params.id)
      return modelObject(counter)
    })
    addChannelRoutes(scope, counter)
  })
}

type Channel = { Params: { signer: string } }

function addChannelRoutes(scope: FastifyInstance, counter: Counter): void {
  const { books } = counter
  scope.options('/v1/channels/:signer', async (_, reply) => reply.code(204).send())

  scope.get<Channel>('/v1/channels/:signer', async ({ params }) =>
    stateOf(books, await bookOf(counter, params.signer)),
  )

  scope.post<Channel>('/v1/channels/:signer', async (request) => {
    const book = await bookOf(counter, request.params.signer)
    const accepted = await accept(books, book, readVoucher(bodyOf(request)))
    return { ...stateOf(books, book), accepted }
  })

  // Before there is a channel too: a reservation may open it.
  scope.post<Channel>('/v1/channels/:signer/reserve', async (request) => {
    const { signer } = request.params
    if (!isAddress(signer, { strict: false }))
      throw new OpenAiError(404, 'no_channel', `${signer} is no session key.`)
    await counter.reserve(getAddress(signer), readReservation(bodyOf(request)))
    return stateOf(books, await bookOf(counter, signer))
  })

  scope.post<Channel>('/v1/channels/:signer/close', async (request) => {
    const { headers, params } = request
    const path = `/v1/channels/${params.signer}/close`
    return signClose(counter, { body: bodyOf(request), headers, path })
  })
}

async function bookOf({ books }: Counter, signer: string): Promise<Book> {
  const address: Address | undefined = isAddress(signer, { strict: false }) ? getAddress(signer) : undefined
  const book = address && (await openBook(books, address))
  if (book === undefined)
    throw new OpenAiError(404, 'no_channel', `The session key ${signer} has no channel here.`)
  return book
}

function readVoucher(body: Uint8Array): { base: bigint; voucher: Hex } {
  try {
    const { base, voucher } = JSON.parse(new TextDecoder().decode(body)) as {
      base: unknown
      voucher: unknown
    }
    if (isHex(voucher) && typeof base === 'string') {
      Voucher.tallyOf(voucher)
      return { base: BigInt(base), voucher }
    }
  } catch {
    // Said below.
  }
  throw new OpenAiError(
    400,
    'invalid_voucher',
    'The body must be {"base": decimal wei, "voucher": 80 bytes of hex}.',
  )
}

function readReservation(body: Uint8Array): Hex {
  try {
    const { reservation } = JSON.parse(new TextDecoder().decode(body)) as { reservation: unknown }
    if (isHex(reservation) && size(reservation) === 80) return reservation
  } catch {
    // Said below.
  }
  throw new OpenAiError(400, 'invalid_reservation', 'The body must be {"reservation": 80 bytes of hex}.')
}

async function modelObject({ books, engine, model, price }: Counter): Promise<object> {
  const { inputPrice, outputPrice } = await price()
  return {
    context_length: engine.contextSize,
    created: 1_763_800_000,
    id: model,
    object: 'model',
    owned_by: books.payee.provider,
    pricing: {
      input: String(inputPrice),
      output: String(outputPrice),
      token: books.payee.token,
      unit:
        books.payee.token === zeroAddress ? 'wei per 1,000,000 tokens' : 'token units per 1,000,000 tokens',
    },
  }
}

function bodyOf({ body }: FastifyRequest): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array()
}

/** Any page may ask: what is worth something needs a session key's signature. */
function allowBrowsers(reply: FastifyReply): void {
  reply.raw.setHeader('access-control-allow-origin', '*')
  reply.raw.setHeader('access-control-allow-headers', '*, authorization')
  reply.raw.setHeader('access-control-allow-methods', 'GET, POST')
  reply.raw.setHeader('access-control-expose-headers', '*')
  reply.raw.setHeader('x-request-id', reply.request.id)
}

function sendError({ log }: Counter, reply: FastifyReply, error: unknown): FastifyReply {
  const known = asOpenAiError(error)
  if (known.status >= 500) log.error('request failed', { error })
  if (known.retryAfterSeconds !== undefined) reply.header('retry-after', known.retryAfterSeconds)
  return reply.code(known.status).send(errorBody(known))
}

function sendRaw({ log }: Counter, { raw }: FastifyReply, error: unknown): void {
  const known = asOpenAiError(error)
  if (known.status >= 500 && !raw.destroyed) log.error('request failed', { error })
  if (raw.headersSent) return void raw.end()
  if (known.retryAfterSeconds !== undefined) raw.setHeader('retry-after', known.retryAfterSeconds)
  raw
    .writeHead(known.status, { 'content-type': 'application/json; charset=utf-8' })
    .end(JSON.stringify(errorBody(known)))
}

function asOpenAiError(error: unknown): OpenAiError {
  if (error instanceof OpenAiError) return error
  const status = (error as { statusCode?: number } | null)?.statusCode ?? 500
  if (status === 413)
    return new OpenAiError(413, 'request_too_large', `The body must be at most ${LARGEST_BODY} bytes.`)
  if (status < 500) return new OpenAiError(status, 'invalid_request', String((error as Error).message))
  return new OpenAiError(500, 'internal_error', 'Something went wrong here. Try again.')
}
