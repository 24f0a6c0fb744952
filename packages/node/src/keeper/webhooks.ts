import { isUnreachable, Trigger, TriggerInput } from '@jejunetwork/sdk'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { bytesToHex, type Hex } from 'viem'
import type { Desk } from './Desk.ts'
import { passing } from './findDue.ts'

/** The payload goes on chain as calldata: more would be dear. */
const MOST_BYTES = 16_384
const MINUTE_MS = 60_000
const MOST_PER_MINUTE = 120

/** Answers of the chain that cannot change: what a sender should hear instead of 202. */
const STATUS: Partial<Record<Trigger.Reason, number>> = {
  'bad signature': 401,
  'not found': 404,
  deactivated: 410,
  'too late': 410,
}

/**
 * Takes signed deliveries over HTTP. The body is the payload, byte for byte; nonce, time and signature are headers. A delivery
 * is accepted if the chain would run it, and answered 202 once it is on disk; the same one again is answered alike.
 */
export function createWebhookServer(desk: Desk, options: { onAccepted: () => void }): FastifyInstance {
  const app = fastify({ bodyLimit: MOST_BYTES, forceCloseConnections: true, logger: false })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setNotFoundHandler((_request, reply) =>
    problem(reply, { detail: 'There is nothing here.', status: 404 }),
  )
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = isUnreachable(error) ? 503 : (error.statusCode ?? 500)
    if (status === 500) desk.log.error('webhook server failed', { error })
    return problem(reply, { detail: status >= 500 ? 'Try again later.' : error.message, status })
  })
  const isOverLimit = createLimit()
  app.addHook('onRequest', async (request, reply) => {
    if (!isOverLimit(request.ip)) return undefined
    reply.header('retry-after', '60')
    return problem(reply, { detail: `At most ${MOST_PER_MINUTE} requests a minute are taken.`, status: 429 })
  })
  app.get('/health', async () => ({ status: 'ok' }))
  app.post('/v1/triggers/:trigger/deliveries', async (request, reply) => {
    const answer = await accept(desk, request)
    if ('detail' in answer) return problem(reply, answer)
    options.onAccepted()
    return reply.code(answer.status).send(answer.body)
  })
  app.get('/v1/triggers/:trigger/deliveries/:nonce', async (request, reply) => {
    const { nonce, trigger } = request.params as { nonce: string; trigger: string }
    const [triggerId, number] = [wholeOf(trigger), wholeOf(nonce)]
    const found = triggerId && number !== undefined ? desk.deliveries.get(triggerId, number) : undefined
    if (found === undefined) return problem(reply, { detail: 'There is no such delivery here.', status: 404 })
    return reply.send(shown(found))
  })
  return app
}

type Failure = { detail: string; status: number }

async function accept(
  { client, deliveries, deployment, log }: Desk,
  request: FastifyRequest,
): Promise<Failure | { status: number; body: object }> {
  const { trigger } = request.params as { trigger: string }
  const triggerId = wholeOf(trigger)
  const nonce = wholeOf(request.headers['jeju-nonce'])
  const timestamp = wholeOf(request.headers['jeju-timestamp'])
  const signature = request.headers['jeju-signature']
  const isHex = typeof signature === 'string' && /^0x([0-9a-f]{2}){1,1024}$/i.test(signature)
  if (
    !triggerId ||
    nonce === undefined ||
    nonce >= 2n ** 64n ||
    timestamp === undefined ||
    timestamp >= 2n ** 40n ||
    !isHex
  ) {
    const detail = 'Headers jeju-nonce, jeju-timestamp (whole numbers) and jeju-signature (0x…) are needed.'
    return { detail, status: 400 }
  }
  if (triggerId > (await Trigger.count(client, { deployment })))
    return { detail: 'There is no such trigger.', status: 404 }
  const { config } = await Trigger.get(client, { deployment, triggerId })
  if (config.kind !== 'webhook') return { detail: 'This trigger takes no deliveries.', status: 409 }

  const payload = Buffer.isBuffer(request.body) ? bytesToHex(request.body) : '0x'
  const input = TriggerInput.ofDelivery({
    nonce,
    payload,
    payloadMode: config.payload,
    signature: signature as Hex,
    timestamp,
  })
  const before = deliveries.get(triggerId, nonce)
  if (before?.input === input) return { body: shown(before), status: before.state === 'accepted' ? 202 : 200 }

  const reason = await Trigger.judge(client, { blockTag: 'pending', deployment, input, triggerId })
  if (reason === 'already done') return { detail: 'Another delivery used this nonce.', status: 409 }
  if (reason !== 'none' && !passing.includes(reason)) {
    return { detail: `The chain refuses this delivery: ${reason}.`, status: STATUS[reason] ?? 422 }
  }
  if (!deliveries.add({ input, nonce, triggerId }))
    return { detail: 'Another delivery has this nonce.', status: 409 }
  log.info('delivery accepted', { nonce, triggerId })
  return { body: { nonce: String(nonce), state: 'accepted', trigger: String(triggerId) }, status: 202 }
}

function shown({
  nonce,
  reason,
  state,
  triggerId,
}: {
  nonce: bigint
  reason: string
  state: string
  triggerId: bigint
}) {
  return { nonce: String(nonce), ...(reason === '' ? {} : { reason }), state, trigger: String(triggerId) }
}

function wholeOf(text: unknown): bigint | undefined {
  return typeof text === 'string' && /^\d{1,30}$/.test(text) ? BigInt(text) : undefined
}

/** Requests of each address, counted by the minute. */
function createLimit(): (address: string) => boolean {
  const counts = new Map<string, number>()
  let minute = 0
  return (address) => {
    const now = Math.floor(Date.now() / MINUTE_MS)
    if (now !== minute) counts.clear()
    minute = now
    const count = (counts.get(address) ?? 0) + 1
    counts.set(address, count)
    return count > MOST_PER_MINUTE
  }
}

function problem(reply: FastifyReply, { detail, status }: Failure): FastifyReply {
  return reply
    .code(status)
    .type('application/problem+json')
    .send(JSON.stringify({ detail, status, type: 'about:blank' }))
}
