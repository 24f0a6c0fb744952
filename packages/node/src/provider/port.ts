import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { ComputeError } from '@jejunetwork/sdk'

/** A port that can be listened on now: the one asked for, or any for 0. */
export async function choosePort(options: { host: string; port: number; what: string }): Promise<number> {
  const server = createServer()
  try {
    server.listen(options.port, options.host)
    await once(server, 'listening')
  } catch (cause) {
    throw new PortTakenError({ ...options, cause })
  }
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Somebody else listens there, or nobody may. */
export class PortTakenError extends ComputeError {
  override readonly name = 'PortTakenError'
  override readonly retryable = true

  constructor({ cause, host, port, what }: { cause: unknown; host: string; port: number; what: string }) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown'
    super(`${what} cannot listen on ${host}:${port} (${code}): end what does, or choose another port.`, {
      cause,
    })
  }
}
