import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import {
  ComputeError,
  type Deployment,
  Inference,
  payingFetch,
  type Voucher,
  type Wallet,
  WalletTooPoorError,
} from '@jejunetwork/sdk'
import type { Address, PublicClient } from 'viem'
import { listen } from '../listen.ts'
import type { Log } from '../log.ts'
import { amountsIn } from '../money.ts'
import { baseUrl } from './baseUrl.ts'
import { findProvider, modelsAt, type Offer, providers } from './findProvider.ts'

const OFFER_AGE_MS = 60_000
const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/
/** What goes on to a provider. Others are not its business: keys made for another company are among them. */
const ASKED = ['accept', 'content-type', 'idempotency-key', 'x-stainless-retry-count']
/** What comes back from it. No page on this machine gets a stranger's cookie. */
const ANSWERED = /^(content-type|cache-control|retry-after|x-request-id|jeju-.*)$/

/** An OpenAI server on this machine that finds a provider for each model and pays it by the token. */
export async function startProxy(options: startProxy.Options): Promise<startProxy.Proxy> {
  const { host = '127.0.0.1', port, signal } = options
  const desk: Desk = { channels: new Map(), fetches: new Map(), offers: new Map(), options }
  const server = createServer((request, response) => {
    handle(desk, request, response).catch((error: unknown) => {
      options.log.warn('request failed', { error })
      if (response.headersSent) breakOff(response, error)
      else sendError(response, failure(error))
    })
  })
  await listen(server, { host, mend: 'choose another port with --port', port })

  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    return closing
  }
  signal.addEventListener('abort', () => void close())
  return { close, url: `http://${host}:${(server.address() as AddressInfo).port}` }
}

export declare namespace startProxy {
  type Options = {
    port: number
    host?: string
    client: PublicClient
    deployment: Deployment
    /** Signs vouchers. */
    session: Voucher.SessionKey
    /** Opens a channel with a new provider, once while the proxy runs; without it, a missing channel is a 402. */
    wallet?: Wallet | undefined
    /** What is paid in: an ERC-20, or ether unless given. Wei are then its units. */
    token?: Address | undefined
    /** Wei to put into a new channel. */
    deposit?: bigint
    /** Use this provider alone; else the cheapest that serves the model. */
    providerId?: bigint | undefined
    /** By how much session key and provider fill a channel that runs low, out of the owner's free balance; never unless given. */
    reserve?: bigint
    /** Wei that one request may cost. */
    maxPerRequest?: bigint
    log: Log
    signal: AbortSignal
  }
  type Proxy = { url: string; close(): Promise<void> }
}

type Desk = {
  options: startProxy.Options
  offers: Map<string, { offer: Promise<Offer | undefined>; readAt: number }>
  fetches: Map<Address, typeof fetch>
  channels: Map<Address, Promise<void>>
}

async function handle(desk: Desk, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { origin } = request.headers
  const isLocal =
    LOOPBACK.test(request.headers.host ?? '') &&
    (!origin || LOOPBACK.test(origin.replace(/^https?:\/\//, '')))
  // Warning: without this, any web page could spend the user's money here.
  if (!isLocal)
    return sendError(response, { code: 'not_local', message: 'Only this machine may ask.', status: 403 })

  const path = new URL(request.url ?? '/', 'http://localhost').pathname
  if (request.method === 'GET' && path === '/v1/models') return sendModels(desk, response)
  if (request.method !== 'POST' || !/^\/v1\/(chat\/)?completions$/.test(path)) {
    const message = `${request.method} ${path} is not served; POST /v1/chat/completions is.`
    return sendError(response, { code: 'not_found', message, status: 404 })
  }

  const body = await buffer(request)
  const model = modelOf(body)
  if (model === undefined) {
    const message = 'The body must be a JSON object that names a model.'
    return sendError(response, { code: 'invalid_json', message, status: 400 })
  }
  const offer = await offerFor(desk, model)
  if (offer === undefined) {
    const message = `No provider serves the model '${model}' now.`
    return sendError(response, { code: 'model_not_found', message, status: 404 })
  }
  if (offer.price.inputPrice + offer.price.outputPrice > 0n) await ensureChannel(desk, offer)
  await forward(desk, { body, offer, path, request, response })
}

type Exchange = {
  offer: Offer
  path: string
  body: Buffer
  request: IncomingMessage
  response: ServerResponse
}

/** Passes the answer on as it comes, byte for byte. A client that leaves ends it at the provider too. */
async function forward(desk: Desk, { body, offer, path, request, response }: Exchange): Promise<void> {
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  const answer = await fetchFor(desk, offer)(`${offer.endpoint}${path}`, {
    body,
    headers: headersOf(request),
    method: 'POST',
    signal: gone.signal,
  }).catch((error: unknown) => {
    desk.offers.clear()
    throw error
  })

  response.setHeaders(new Map([...answer.headers].filter(([name]) => ANSWERED.test(name))))
  response.writeHead(answer.status, { 'x-jeju-provider': String(offer.providerId) })
  try {
    for await (const piece of answer.body ?? []) {
      if (!response.write(piece)) await once(response, 'drain', { signal: gone.signal })
    }
    response.end()
  } catch (error) {
    if (!gone.signal.aborted) throw error
  }
}

function fetchFor({ fetches, options }: Desk, { provider }: Offer): typeof fetch {
  const known = fetches.get(provider)
  if (known !== undefined) return known
  const { client, deployment, maxPerRequest, reserve = 0n, session, token } = options
  const limit = maxPerRequest === undefined ? {} : { maxPerRequest }
  const made = payingFetch(client, { deployment, provider, reserve, session, token, ...limit })
  fetches.set(provider, made)
  return made
}

/** The one time that the wallet is asked: deposit, session key and channel in one transaction. */
function ensureChannel({ channels, options }: Desk, { provider, providerId }: Offer): Promise<void> {
  const { client, deployment, deposit: amount = 0n, log, session, token, wallet } = options
  if (wallet === undefined || amount === 0n) return Promise.resolve()
  const open = async () => {
    const { claimed, deposit } = await Inference.channelOf(client, {
      deployment,
      provider,
      signer: session.address,
      token,
    })
    if (deposit > claimed) return
    await Inference.openChannel(wallet, { amount, deployment, provider, session, token })
    const shown = await amountsIn(client, token ?? Inference.ETHER)
    log.info('channel opened', { amount: shown(amount), providerId })
  }
  let opening = channels.get(provider)
  if (opening === undefined) {
    opening = open()
    channels.set(provider, opening)
    opening.catch(() => channels.delete(provider))
  }
  return opening
}

function offerFor({ offers, options }: Desk, model: string): Promise<Offer | undefined> {
  const known = offers.get(model)
  if (known !== undefined && Date.now() - known.readAt < OFFER_AGE_MS) return known.offer
  const { client, deployment, providerId, token } = options
  const offer = findProvider(client, { deployment, model, providerId, token })
  offers.set(model, { offer, readAt: Date.now() })
  offer.then((found) => found ?? offers.delete(model)).catch(() => offers.delete(model))
  return offer
}

async function sendModels({ options }: Desk, response: ServerResponse): Promise<void> {
  const { client, deployment, providerId } = options
  const asked: ReturnType<typeof modelsAt>[] = []
  for await (const { active, endpoint } of providers(client, { deployment, providerId })) {
    const url = baseUrl(endpoint, deployment)
    if (active && url) asked.push(modelsAt(url))
  }
  const models = new Map((await Promise.all(asked)).flat().map((model) => [model.id, model]))
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ data: [...models.values()], object: 'list' }))
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    ASKED.map((name) => [name, headers[name]]).filter(
      (pair): pair is [string, string] => typeof pair[1] === 'string',
    ),
  )
}

function modelOf(body: Buffer): string | undefined {
  try {
    const { model } = JSON.parse(body.toString()) as { model?: unknown }
    return typeof model === 'string' ? model : undefined
  } catch {
    return undefined
  }
}

type Failure = { status: number; code: string; message: string }

function sendError(response: ServerResponse, told: Failure): void {
  response.writeHead(told.status, { 'content-type': 'application/json' })
  response.end(bodyOf(told))
}

/** An answer that has begun: a stream says why it ends, which OpenAI's clients throw; anything else is cut off. */
function breakOff(response: ServerResponse, error: unknown): void {
  const isStream = String(response.getHeader('content-type')).startsWith('text/event-stream')
  if (isStream) response.end(`\n\ndata: ${bodyOf(failure(error))}\n\n`)
  else response.destroy()
}

/** Status 402 is nothing that a client should try again as it is; 502 may be. */
function failure(error: unknown): Failure {
  const message = sentence(error)
  if (error instanceof WalletTooPoorError) return { code: 'wallet_too_poor', message, status: 402 }
  return { code: 'provider_failed', message, status: 502 }
}

const bodyOf = ({ code, message }: Failure) =>
  JSON.stringify({ error: { code, message, param: null, type: 'invalid_request_error' } })

/** Ours say all in their sentence; what others throw is told by its cause. */
function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof ComputeError) return error.message
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message
}
