import { once } from 'node:events'
import { createServer } from 'node:net'
import { UsageError } from '../errors.ts'
import { listenerOn } from './processes.ts'

/** Makes sure that a port of 127.0.0.1 is free, or says who has it and what to do. */
export async function assertFree(
  port: number,
  { what, option }: { what: string; option: string },
): Promise<void> {
  const server = createServer()
  try {
    server.listen({ port, host: '127.0.0.1', exclusive: true })
    await once(server, 'listening')
  } catch (cause) {
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
