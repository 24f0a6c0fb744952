import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A key service on loopback with the paths of AMD's. */
export type Kds = { url: string; asked: string[]; close(): Promise<void> }

/** Serves the files that `make` names at the time of asking, by their paths without the query; others it does not find. */
export async function startKds(make: () => Readonly<Record<string, KdsAnswer>>): Promise<Kds> {
  const asked: string[] = []
  const server = createServer(({ url = '' }, response) => {
    asked.push(url)
    const answer = make()[url.split('?')[0] ?? '']
    if (typeof answer === 'function') answer(response)
    else if (answer) response.end(answer)
    else response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    asked,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  }
}

export type KdsAnswer = Uint8Array | string | ((response: ServerResponse) => void)
