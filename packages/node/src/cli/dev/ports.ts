import { once } from 'node:events'
import { createServer } from 'node:net'
import { CannotListenError } from '../../listen.ts'
import { UsageError } from '../errors.ts'
import { listenerOn } from './processes.ts'

/** Makes sure that a port is free, or says who has it and what to do. */
export async function assertFree(
  port: number,
  { host = '127.0.0.1', option, what }: { host?: string; option: string; what: string },
): Promise<void> {
  const server = createServer()
  try {
    server.listen({ port, host, exclusive: true })
    await once(server, 'listening')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE')
      throw new CannotListenError({ cause, host, mend: `choose another for ${what} with ${option}`, port })
    const holder = listenerOn(port)
    const who = holder ? `process ${holder.pid} (${holder.command.slice(0, 80)})` : 'another program'
    throw new UsageError(
      `Port ${port}, for ${what}, is taken by ${who}; end it, or choose another with ${option}.`,
      { cause },
    )
  } finally {
    server.close()
  }
}
