import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An HTTP server of a test's own on loopback; its URL has no slash at the end. */
export type Served = { port: number; url: string; close(): Promise<void> }

/** Listens on a free port. A connection that is open does not hold `close` up. */
export async function serve(answer: RequestListener): Promise<Served> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
    port,
    url: `http://127.0.0.1:${port}`,
  }
}
