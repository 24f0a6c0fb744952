import type { FastifyInstance } from 'fastify'
import type { Sessions } from '../sessions.ts'
import { problem } from './server.ts'

/** How to reach a machine by SSH; `user` is the session's id. */
export type SshAccess = { host: string; port: number; hostKey: string; fingerprint: string }

/** `GET /v1/sessions/:id`: its state, why it was declined, and how to enter once it is ready. */
export function addSessions(app: FastifyInstance, options: { access: SshAccess; sessions: Sessions }): void {
  const { access, sessions } = options
  app.get<{ Params: { id: string } }>('/v1/sessions/:id', async ({ params: { id } }, reply) => {
    if (!/^[1-9]\d{0,77}$/.test(id))
      return problem(reply, { detail: 'A session id is a number.', status: 400 })
    const state = sessions.stateOf(BigInt(id))
    if (state === undefined) {
      return problem(reply, { detail: `Session ${id} is not one of this provider's.`, status: 404 })
    }
    const { ready, reason, status } = state
    return {
      sessionId: id,
      state: status === 'running' && !ready ? 'preparing' : status,
      ...(reason === '' ? {} : { reason }),
      ...(ready ? { ssh: { ...access, user: id } } : {}),
    }
  })
}
