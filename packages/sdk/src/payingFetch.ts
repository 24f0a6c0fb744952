import { type Address, bytesToHex, type Hex, keccak256, type PublicClient, stringToHex } from 'viem'
import { ChannelRefusedError } from './askChannel.ts'
import { askToReserve } from './askToReserve.ts'
import { checkReceipt } from './checkReceipt.ts'
import type { Deployment } from './Deployment.ts'
import { type Channel, channelOf, ETHER, modelOf } from './Inference.ts'
import { createMeter, type Meter, read } from './meteredStream.ts'
import { headersFor } from './PaidRequest.ts'
import { createPayer, flush, owe, type Payer, reconcile } from './Payer.ts'
import { ReceiptError } from './Receipt.ts'
import type { Price } from './Usage.ts'
import type { SessionKey } from './Voucher.ts'

const PAID_PATH = /^(.*)(\/v1\/(?:chat\/)?completions)$/
const PRICE_AGE_MS = 60_000
/** A provider lets two windows stand unpaid; so much may be on its books and not on ours when a stream breaks. */
const CREDIT_TOKENS = 32
const LIFE_SECONDS = 300
/** No answer is paid beyond this many tokens unless its request names more. */
const MOST_OUTPUT_TOKENS = 131_072
/** Made for someone else: the provider must not see them. */
const SECRETS = ['api-key', 'authorization', 'cookie', 'proxy-authorization', 'x-api-key']

/**
 * A `fetch` that pays a provider from a channel, for any OpenAI client: `new OpenAI({ baseURL, fetch: payingFetch(...) })`.
 * It signs only for text that has arrived, at the price posted on chain; other requests pass through. Without a channel
 * it answers 402 in OpenAI's shape and says what to do.
 */
export function payingFetch(client: PublicClient, options: payingFetch.Options): typeof globalThis.fetch {
  const { deployment, fetch = globalThis.fetch, provider, session, token = ETHER } = options
  const payee = { chainId: deployment.chainId, contract: deployment.inferenceServing, provider, token }
  const shop: Shop = { client, fetch, options, payers: new Map(), prices: new Map(), recent: new Map() }

  return async (input, init) => {
    const request = new Request(input, init)
    for (const name of SECRETS) request.headers.delete(name)
    const [, base, path] = PAID_PATH.exec(new URL(request.url).pathname) ?? []
    if (request.method !== 'POST' || path === undefined) return fetch(request)

    const body = new Uint8Array(await request.arrayBuffer())
    const wanted = parse(body)
    const price = wanted && (await priceOf(shop, wanted.model))
    const isFree = price?.inputPrice === 0n && price.outputPrice === 0n
    if (wanted === undefined || price === undefined || isFree) return fetch(request.url, plain(request, body))

    const url = `${new URL(request.url).origin}${base}`
    let payer = shop.payers.get(url)
    if (payer === undefined) {
      payer = createPayer({ fetch, key: session, onPayment: options.onPayment, payee, url })
      payer.allowance = creditOf(price)
      shop.payers.set(url, payer)
    }
    return send(shop, { body, path, payer, price, request, wanted })
  }
}

export declare namespace payingFetch {
  type Options = {
    deployment: Deployment
    /** The account that is paid. */
    provider: Address
    /** The channel's session key. */
    session: SessionKey
    /** What the channel is in: ether unless given. Wei are then units of the token everywhere here. */
    token?: Address | undefined
    /**
     * By how much the channel is filled, or opened, out of the owner's free balance when it holds less than half of this: the
     * session key reserves it, within its cap, and the provider brings it on chain. Never unless given.
     */
    reserve?: bigint
    /** Wei that one request may cost; unlimited unless given. The channel's deposit limits the whole. */
    maxPerRequest?: bigint
    /**
     * What becomes of an answer whose receipt is missing or does not match it: `require`, the default, ends it with an error
     * of code `receipt_mismatch`; `ignore` asks for none.
     */
    receipts?: 'require' | 'ignore'
    /** Called with each receipt that matches its answer: keep it, it is evidence. */
    onReceipt?: ((receipt: checkReceipt.Result) => void) | undefined
    /** Called for each voucher signed. */
    onPayment?: ((payment: Payer.Payment) => void) | undefined
    fetch?: typeof globalThis.fetch
  }
}

type Shop = {
  client: PublicClient
  fetch: typeof fetch
  options: payingFetch.Options
  payers: Map<string, Payer>
  prices: Map<string, { price: Price | undefined; readAt: number }>
  /** Request ids by body, for a client's own retries. */
  recent: Map<Hex, Hex>
}
type Wanted = { model: string; stream: boolean; limit: number; stopBytes: number }
type Order = {
  request: Request
  path: string
  body: Uint8Array<ArrayBuffer>
  wanted: Wanted
  price: Price
  payer: Payer
}

async function send(shop: Shop, order: Order): Promise<Response> {
  const { body, payer, request } = order
  const id = requestId(shop, request, body)
  for (let attempt = 0; ; attempt++) {
    const refusal = await ready(shop, order)
    if (refusal !== undefined) return refusal

    payer.active++
    let settled = false
    const leave = () => {
      if (!settled) payer.active--
      settled = true
    }
    try {
      const response = await shop.fetch(request.url, await paid(order, id))
      const epoch = response.headers.get('jeju-epoch') ?? payer.epoch
      const isOutdated = response.status === 402 || Number(epoch) !== payer.epoch
      if (isOutdated) payer.stale = true
      if (isOutdated && attempt === 0) {
        await response.body?.cancel()
        leave()
        continue
      }
      const answer = await receive(shop, order, { id, leave, response })
      return answer
    } catch (error) {
      leave()
      payer.stale = true
      throw error
    }
  }
}

/** Makes sure that there is a channel, that both sides' books agree, and that nothing is left to pay. */
async function ready(shop: Shop, { payer }: Order): Promise<Response | undefined> {
  const { deployment, provider, reserve = 0n, session, token } = shop.options
  try {
    const isLow = (payer.deposit - payer.paid - payer.due) * 2n < reserve
    if (payer.stale || isLow) {
      const wanted = { deployment, provider, signer: session.address, token }
      let channel = await channelOf(shop.client, wanted)
      const why = await refill(shop, payer, channel)
      if (why !== undefined) return refuse('reservation_refused', why)
      if (reserve > 0n) channel = await channelOf(shop.client, wanted)
      if (channel.deposit === channel.claimed) return refuse('no_channel', noChannel(shop))
      if (channel.closeAt !== 0)
        return refuse('channel_closing', 'The channel is being closed. Open another one.')
      payer.deposit = channel.deposit
      await reconcile(payer, channel)
    }
    await flush(payer)
  } catch (error) {
    if (error instanceof ChannelRefusedError && error.status < 500)
      return refuse('channel_refused', error.message)
    throw error
  }
  return undefined
}

/** Has the channel filled where the caller wants that and little is left; what stands in the way of it if nothing is left. */
async function refill(shop: Shop, payer: Payer, channel: Channel): Promise<string | undefined> {
  const { reserve = 0n } = shop.options
  const used = payer.epoch === channel.epoch && payer.paid > channel.claimed ? payer.paid : channel.claimed
  const left = channel.deposit - used
  if (reserve === 0n || left * 2n >= reserve || channel.closeAt !== 0) return undefined
  const { fetch, key: session, payee, url } = payer
  const why = await askToReserve({ amount: reserve, channel, fetch, payee, session, url })
  return left === 0n ? why : undefined
}

async function paid({ body, path, payer, request }: Order, id: Hex): Promise<RequestInit> {
  const expiry = Math.floor(Date.now() / 1000) + LIFE_SECONDS
  const { key, payee } = payer
  const proof = await headersFor({ body, expiry, id, path }, { key, payee })
  const init = plain(request, body)
  return { ...init, headers: { ...Object.fromEntries(request.headers), ...proof } }
}

function plain(request: Request, body: Uint8Array<ArrayBuffer>): RequestInit {
  // Where a provider sends its clients on to is nothing that the registry knows.
  const { headers, method, signal } = request
  return { body, headers, method, redirect: 'error', signal }
}

type Arrival = { response: Response; leave: () => void; id: Hex }

/** The provider's answer, paid for as the caller reads it. */
async function receive(shop: Shop, order: Order, { id, leave, response }: Arrival): Promise<Response> {
  const { body, path, payer, wanted } = order
  if (
    !response.ok ||
    !response.body ||
    !response.headers.get('content-type')?.startsWith('text/event-stream')
  ) {
    leave()
    return response
  }

  // The provider's word is a hint to look again; what counts is on chain.
  const isSame = response.headers.get('jeju-price') === `${order.price.inputPrice}/${order.price.outputPrice}`
  const price = (isSame ? undefined : await priceOf(shop, wanted.model, 0)) ?? order.price
  const meter = createMeter({
    limits: {
      cost: shop.options.maxPerRequest ?? 1n << 80n,
      // Every token has a byte; what a template adds to a message is shorter than its JSON.
      inputTokens: body.length + 64,
      outputTokens: wanted.limit,
    },
    onCharge: (charge) => owe(payer, charge),
    price,
    slackTokens: 8 + wanted.stopBytes,
  })
  const finish = async (clean: boolean) => {
    if (!clean) {
      payer.allowance = creditOf(price)
      payer.stale = true
    }
    leave()
    await flush(payer).catch(() => {})
  }
  const check = async () => {
    if (shop.options.receipts === 'ignore') return
    const given = { body, id, meter, model: wanted.model, path, payer, price: agreed(response, price) }
    const receipt = await checkReceipt(shop.client, given)
    shop.options.onReceipt?.(receipt)
  }
  const stream = metered(response.body, { check, finish, meter })
  if (wanted.stream) return new Response(stream, { headers: response.headers, status: response.status })
  return whole(stream, { meter, response })
}

type Metering = { meter: Meter; check: () => Promise<void>; finish: (clean: boolean) => Promise<void> }

/** Passes bytes through as they are, reading along. An answer is not said to be done before its receipt was looked at. */
function metered(body: ReadableStream<Uint8Array<ArrayBuffer>>, { check, finish, meter }: Metering) {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let checked = false
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async cancel(reason) {
        await reader.cancel(reason).catch(() => {})
        await finish(false)
      },
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (done) {
            await finish(meter.done)
            controller.close()
            return
          }
          read(meter, decoder.decode(value, { stream: true }))
          if (meter.done && !checked) {
            checked = true
            await check()
          }
          controller.enqueue(value)
        } catch (error) {
          await reader.cancel(error).catch(() => {})
          await finish(error instanceof ReceiptError)
          if (!(error instanceof ReceiptError)) return controller.error(error)
          meter.failure = mismatch(error)
          meter.response = undefined
          controller.enqueue(new TextEncoder().encode(`data: ${meter.failure}\n\n`))
          controller.close()
        }
      },
    },
    { highWaterMark: 0 },
  )
}

/** A retry keeps the price of its first attempt, if that is not above the one posted now. */
function agreed(response: Response, posted: Price): Price {
  const [, input, output] = /^(\d{1,39})\/(\d{1,39})$/.exec(response.headers.get('jeju-price') ?? '') ?? []
  const told = { inputPrice: BigInt(input ?? -1), outputPrice: BigInt(output ?? -1) }
  const isCheaper = told.inputPrice <= posted.inputPrice && told.outputPrice <= posted.outputPrice
  return input !== undefined && isCheaper ? told : posted
}

/** In OpenAI's shape: its clients throw it, in a stream too. */
function mismatch({ message }: ReceiptError): string {
  return JSON.stringify({ error: { code: 'receipt_mismatch', message, param: null, type: 'server_error' } })
}

/** Reads the stream to its end and gives the JSON answer that the caller asked for. */
async function whole(
  stream: ReadableStream,
  { meter, response }: { meter: Meter; response: Response },
): Promise<Response> {
  await stream.pipeTo(new WritableStream())
  const headers = new Headers(response.headers)
  headers.set('content-type', 'application/json')
  if (meter.response !== undefined) return new Response(meter.response, { headers })
  const status = meter.failure?.includes('"payment_') ? 402 : 502
  return new Response(
    meter.failure ?? '{"error":{"message":"The answer broke off.","type":"server_error"}}',
    { headers, status },
  )
}

/** The price posted on chain; undefined if the provider posted none. */
async function priceOf(
  shop: Shop,
  model: string,
  maxAgeMs: number = PRICE_AGE_MS,
): Promise<Price | undefined> {
  const known = shop.prices.get(model)
  if (known !== undefined && Date.now() - known.readAt < maxAgeMs) return known.price

  const { deployment, provider, token } = shop.options
  const found = await modelOf(shop.client, { deployment, model, provider, token })
  shop.prices.set(model, { price: found, readAt: Date.now() })
  return found
}

function parse(body: Uint8Array): Wanted | undefined {
  try {
    const json = JSON.parse(new TextDecoder().decode(body))
    const stops: string[] = [json.stop ?? []].flat()
    return {
      limit: json.max_completion_tokens ?? json.max_tokens ?? MOST_OUTPUT_TOKENS,
      model: String(json.model),
      stopBytes: Math.max(0, ...stops.map((stop) => new TextEncoder().encode(stop).length)),
      stream: json.stream === true,
    }
  } catch {
    // The provider says what is wrong with it.
    return undefined
  }
}

/** A caller's own key or a client's own retry names the same request again; else every call is a new one. */
function requestId({ recent }: Shop, request: Request, body: Uint8Array): Hex {
  const key = request.headers.get('idempotency-key')
  if (key !== null) return keccak256(stringToHex(key))

  const hash = keccak256(body)
  const retried =
    Number(request.headers.get('x-stainless-retry-count') ?? 0) > 0 ? recent.get(hash) : undefined
  const id = retried ?? bytesToHex(crypto.getRandomValues(new Uint8Array(32)))
  recent.delete(hash)
  recent.set(hash, id)
  if (recent.size > 256) recent.delete(recent.keys().next().value as Hex)
  return id
}

function creditOf({ outputPrice }: Price): bigint {
  return (BigInt(CREDIT_TOKENS) * outputPrice) / 1_000_000n + 1n
}

function noChannel({ options }: Shop): string {
  const { deployment, provider, session } = options
  return (
    `The session key ${session.address} has no money in a channel with provider ${provider}. ` +
    `Call openChannel or fundChannel of InferenceServing ${deployment.inferenceServing} on chain ${deployment.chainId}.`
  )
}

function refuse(code: string, message: string): Response {
  const error = { code, message, param: null, type: 'payment_required' }
  return Response.json({ error }, { status: 402 })
}
