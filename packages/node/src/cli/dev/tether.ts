import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Duplex, Readable } from 'node:stream'

// The watcher reads from a pipe whose other end this process holds, so it wakes when this process is gone, however it went.
const SCRIPT = '(read -r _ <&3; kill -INT $$) >/dev/null 2>&1 & exec 3<&-; exec "$@"'
const GRACE_MS = 10_000

/** A process that ends when this one does, even by `kill -9`, and that a Ctrl-C in the terminal does not reach. */
export type Tethered = {
  pid: number
  stdout: Readable
  stderr: Readable
  /** Resolves with what it exited with, a code or a signal's name, once it did. */
  exited: Promise<number | string>
  /** Interrupts it and waits until it is gone. Calling it twice is fine. */
  close(): Promise<void>
}

/** Starts `command` tethered to this process. */
export async function tether(command: readonly string[], options: tether.Options = {}): Promise<Tethered> {
  const child: ChildProcess = spawn('sh', ['-c', SCRIPT, 'sh', ...command], {
    detached: true,
    env: options.env,
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  await once(child, 'spawn')
  const line = child.stdio[3] as Duplex
  line.on('error', () => {})

  const exited = once(child, 'exit').then(([code, signal]) => {
    line.destroy()
    return (code ?? signal) as number | string
  })
  const { pid, stdout, stderr } = child as ChildProcess & { pid: number; stdout: Readable; stderr: Readable }

  async function close(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGINT')
    const hard = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
    await exited
    clearTimeout(hard)
  }
  return { pid, stdout, stderr, exited, close }
}

export declare namespace tether {
  type Options = { cwd?: string; env?: NodeJS.ProcessEnv }
}
