import { isUnreachable } from '@jejunetwork/sdk'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { bytesToHex, type Hex } from 'viem'
import type { Desk } from './Desk.ts'
import { type Hook, HookFileError } from './gateway/HookFile.ts'
import { type Message, receive } from './gateway/receive.ts'
import { verify } from './gateway/StandardWebhook.ts'
import { createLimit } from './limit.ts'
import { StoreUnreachableError } from './store/Database.ts'
import { type Answer, type Problem, shown, take } from './take.ts'

/** The payload goes on chain as calldata: more would be dear. */
const MOST_BYTES = 16_384
const MOST_PER_MINUTE = 120

/** A webhook trigger's hook on this gateway, if it has one. */
export type Hooks = (trigger: bigint) => Hook | undefined

/**
 * Takes deliveries over HTTP, for which the body is the payload, byte for byte: signed ones, whose nonce, time and signature are
 * headers, and where there is a hook those of Standard Webhooks. A delivery is accepted if the chain would run it, and answered
 * 202 once it is on disk; the same one again is answered alike.
 */
export function createWebhookServer(desk: Desk, options: createWebhookServer.Options): FastifyInstance {
  const { hooks, onAccepted } = options
  const app = fastify({ bodyLimit: MOST_BYTES, forceCloseConnections: true, logger: false })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setNotFoundHandler((_request, reply) =>
    problem(reply, {
      detail: 'There is nothing here; deliveries go to POST /v1/triggers/ID/deliveries.',
      status: 404,
    }),
  )
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const isAway = isUnreachable(error) || error instanceof StoreUnreachableError
    const isOurs = isAway || error instanceof HookFileError
    const status = isOurs ? 503 : (error.statusCode ?? 500)
    if (error instanceof HookFileError || status === 500) desk.log.error('webhook server failed', { error })
    return problem(reply, { detail: detailOf(error, status), status })
  })
  const [isOverLimit, isHookOverLimit] = [createLimit(MOST_PER_MINUTE), createLimit(MOST_PER_MINUTE)]
  app.addHook('onRequest', async (request, reply) =>
    isOverLimit(request.ip) ? problem(reply, tooMany('from an address')) : undefined,
  )
  app.get('/health', async () => ({ status: 'ok' }))
  app.post('/v1/triggers/:trigger/deliveries', async (request, reply) => {
    const answer = await answerTo(desk, { hooks, isOverLimit: isHookOverLimit, request })
    if (!('body' in answer)) return problem(reply, answer)
    onAccepted()
    return reply.code(answer.status).send(answer.body)
  })
  app.get('/v1/triggers/:trigger/deliveries/:nonce', async (request, reply) => {
    const { nonce, trigger } = request.params as { nonce: string; trigger: string }
    const [triggerId, number] = [wholeOf(trigger), wholeOf(nonce)]
    const found =
      triggerId && number !== undefined ? await desk.store.deliveries.get(triggerId, number) : undefined
    if (found === undefined) return problem(reply, { detail: 'There is no such delivery here.', status: 404 })
    return reply.send(shown(found))
  })
  return app
}

export declare namespace createWebhookServer {
  type Options = { hooks: Hooks; onAccepted: () => void }
}

type Asked = { hooks: Hooks; isOverLimit: (who: string) => boolean; request: FastifyRequest }

async function answerTo(desk: Desk, { hooks, isOverLimit, request }: Asked): Promise<Answer> {
  const { headers, params } = request
  const triggerId = wholeOf((params as { trigger: string }).trigger)
  if (!triggerId) return { detail: 'A trigger is a whole number above 0.', status: 404 }
  if (headers['jeju-signature'] !== undefined) return takeRaw(desk, { request, triggerId })

  const hook = hooks(triggerId)
  if (hook !== undefined) {
    const message = authenticate(request, hook)
    if (!('id' in message)) return message
    // Only here: a stranger must not use up what is the sender's.
    if (isOverLimit(`${triggerId}`)) return tooMany('with a hook')
    return receive(desk, { hook, message })
  }
  if (headers['webhook-id'] === undefined)
    return { detail: 'Headers jeju-nonce, jeju-timestamp and jeju-signature are needed.', status: 400 }
  const mend = `jeju-compute keeper webhook add ${triggerId}`
  return { detail: `This gateway has no hook for trigger ${triggerId}; \`${mend}\` makes one.`, status: 404 }
}

function authenticate({ body, headers }: FastifyRequest, { secrets }: Hook): Message | Problem {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
  const authentic = verify(headers, { body: bytes, now: Math.floor(Date.now() / 1000), secrets })
  return 'id' in authentic ? { body: bytes, id: authentic.id } : authentic
}

async function takeRaw(
  desk: Desk,
  { request, triggerId }: { request: FastifyRequest; triggerId: bigint },
): Promise<Answer> {
  const { body, headers } = request
  const [nonce, timestamp] = [wholeOf(headers['jeju-nonce']), wholeOf(headers['jeju-timestamp'])]
  const signature = headers['jeju-signature']
  const isHex = typeof signature === 'string' && /^0x([0-9a-f]{2}){1,1024}$/i.test(signature)
  const isWhole = nonce !== undefined && nonce < 2n ** 64n && timestamp !== undefined && timestamp < 2n ** 40n
  if (!isWhole || !isHex) {
    const detail = 'Headers jeju-nonce, jeju-timestamp (whole numbers) and jeju-signature (0x…) are needed.'
    return { detail, status: 400 }
  }
  const payload = Buffer.isBuffer(body) ? bytesToHex(body) : '0x'
  return take(desk, { nonce, payload, signature: signature as Hex, timestamp, triggerId })
}

function detailOf(error: Error, status: number): string {
  if (status === 413) return `A payload has at most ${MOST_BYTES} bytes.`
  return status >= 500 ? 'Try again later.' : error.message
}

function wholeOf(text: unknown): bigint | undefined {
  return typeof text === 'string' && /^\d{1,30}$/.test(text) ? BigInt(text) : undefined
}

function tooMany(whose: string): Problem {
  const detail = `At most ${MOST_PER_MINUTE} deliveries a minute ${whose} are taken.`
  return { detail, status: 429 }
}

function problem(reply: FastifyReply, { detail, status }: Problem): FastifyReply {
  if (status === 429) reply.header('retry-after', '60')
  return reply
    .code(status)
    .type('application/problem+json')
    .send(JSON.stringify({ detail, status, type: 'about:blank' }))
}
