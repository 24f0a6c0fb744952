import { once } from 'node:events'
import type { Server } from 'node:net'
import { ComputeError } from '@jejunetwork/sdk'

/** Listens, or says what is in the way and what mends it. */
export async function listen(server: Server, { host, mend, port }: listen.Options): Promise<void> {
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (cause) {
    throw new CannotListenError({ cause, host, mend, port })
  }
}

export declare namespace listen {
  /** `mend` goes on from “end it, or”: which option chooses another port. */
  type Options = { host: string; mend: string; port: number }
}

/** Another program listens there, or this one may not. */
export class CannotListenError extends ComputeError {
  override readonly name = 'CannotListenError'

  constructor({ cause, host, mend, port }: listen.Options & { cause: unknown }) {
    const { code } = cause as NodeJS.ErrnoException
    super(sentence({ code, host, mend, port }), { cause })
  }
}

function sentence({ code, host, mend, port }: listen.Options & { code: string | undefined }): string {
  const place = `port ${port} of ${host}`
  if (code === 'EADDRINUSE') return `Another program listens on ${place}; end it, or ${mend}.`
  if (code === 'EACCES') return `This user may not listen on ${place}; ${mend}.`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `This machine has no address ${host} to listen on; name one that it has, such as 0.0.0.0 for all.`
  return `Listening on ${place} failed (${code}); ${mend}.`
}
