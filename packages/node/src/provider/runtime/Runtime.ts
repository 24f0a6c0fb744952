import type { Readable, Writable } from 'node:stream'
import { ComputeError } from '@jejunetwork/sdk'

/** How a provider gives a renter a machine. One implementation per kind of host. */
export type Runtime = {
  readonly kind: 'docker' | 'process'
  /**
   * Makes and starts the machine of a session. Calling it twice makes one; one that stopped is started again; one of
   * another tenant under the same id, left over from a chain that was reset, is replaced.
   */
  create(session: Runtime.Session, options: { signal: AbortSignal }): Promise<void>
  /** Removes the machine and all that is on it. Calling it twice is fine. */
  destroy(sessionId: bigint): Promise<void>
  /** The machines here, whoever started them. Throws when it cannot know. */
  list(): Promise<readonly Runtime.Machine[]>
  /** Runs a command, or the login shell, on a machine. */
  exec(sessionId: bigint, options: Runtime.Exec): Promise<Runtime.Process>
}

export declare namespace Runtime {
  /** `tenant` names whose machine it is: the same renter with the same key. */
  type Session = { sessionId: bigint; tenant: string }

  type Machine = Session & { running: boolean }

  type Exec = {
    /** For a shell's `-c`; without it, the login shell. */
    command?: string | undefined
    env?: Readonly<Record<string, string>>
    /** With a terminal, all output comes on `stdout`. */
    tty?: { term: string; cols: number; rows: number } | undefined
  }

  type Process = {
    stdin: Writable
    stdout: Readable
    stderr: Readable
    resize(size: { cols: number; rows: number }): void
    /** Sends a signal, such as `TERM`, to the command and what it started. One that is over is left alone. */
    kill(signal: string): void
    /** How it ended; never rejects. */
    exit: Promise<Exit>
  }

  type Exit = { code: number } | { signal: string }
}

/** There is no such machine here, or it does not run. */
export class MachineMissingError extends ComputeError {
  override readonly name = 'MachineMissingError'
  override readonly retryable = true

  constructor({ sessionId, cause }: { sessionId: bigint; cause?: unknown }) {
    super(`Session ${sessionId} has no running machine here.`, { cause })
  }
}

/** The signals that a renter may send, as SSH names them. */
export const SIGNALS: ReadonlySet<string> = new Set(['HUP', 'INT', 'QUIT', 'KILL', 'TERM', 'USR1', 'USR2'])

/** Becomes the best shell that there is, in the user's home: a login shell, or one that runs the first argument. */
export const LAUNCH = `cd 2>/dev/null
for name in bash ash sh; do SHELL=$(command -v "$name") && break; done
export SHELL
[ $# = 0 ] && exec "$SHELL" -l
exec "$SHELL" -c "$1"`

export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
