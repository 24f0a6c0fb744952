import type { FastifyInstance } from 'fastify'

/** `GET /v1/hardware`: byte for byte what the registry holds. */
export function addHardware(app: FastifyInstance, { hardware }: { hardware: string }): void {
  app.get('/v1/hardware', async (_request, reply) => reply.type('application/json').send(hardware))
}
