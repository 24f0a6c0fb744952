import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { listen } from '../listen.ts'

/** A port that can be listened on now: the one asked for, or any for 0. */
export async function choosePort(options: listen.Options): Promise<number> {
  const server = createServer()
  await listen(server, options)
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
