import { type FastifyInstance, type FastifyReply, fastify } from 'fastify'

/** A request must be here by then; left to itself, Fastify waits for ever. */
const REQUEST_MS = 30_000
/** A connection on which nothing moves for so long is cut. Answers that wait in line take less. */
const IDLE_MS = 600_000
const MOST_CONNECTIONS = 2_048

/** The node's HTTP face. Failures are problem+json; nothing of an unknown error leaves the house. */
export function createServer(options: createServer.Options): FastifyInstance {
  const { checkMs, requestMs = REQUEST_MS } = options
  const app = fastify({
    bodyLimit: 1 << 20,
    connectionTimeout: IDLE_MS,
    forceCloseConnections: true,
    logger: false,
    requestTimeout: requestMs,
    ...(checkMs === undefined ? {} : { http: { connectionsCheckingInterval: checkMs } }),
  })
  // Warning: Node swaps the two when this one is the longer.
  app.server.headersTimeout = requestMs
  app.server.maxConnections = MOST_CONNECTIONS
  app.setNotFoundHandler((request, reply) =>
    problem(reply, {
      detail: `There is no ${request.method} ${request.url.split('?', 1)[0]} here.`,
      status: 404,
    }),
  )
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500
    if (status >= 500) options.onError(error)
    return problem(reply, {
      detail: status >= 500 ? 'The node failed; try again later.' : error.message,
      status,
    })
  })
  app.addHook('onSend', async (_request, reply) => {
    // What is public here a web page may read too.
    if (!reply.hasHeader('access-control-allow-origin')) reply.header('access-control-allow-origin', '*')
  })
  return app
}

export declare namespace createServer {
  type Options = {
    onError: (error: Error) => void
    /** By when a request must be here, and how often that is looked at. */
    requestMs?: number
    checkMs?: number
  }
}

/** Answers a failure as RFC 9457 has it. */
export function problem(
  reply: FastifyReply,
  { detail, status }: { detail: string; status: number },
): FastifyReply {
  return reply
    .code(status)
    .type('application/problem+json')
    .send(JSON.stringify({ detail, status, type: 'about:blank' }))
}
