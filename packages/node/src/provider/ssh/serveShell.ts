import type { ServerChannel, Session } from 'ssh2'
import type { Log } from '../../log.ts'
import { type Runtime, SIGNALS } from '../runtime/Runtime.ts'

const MOST_VARIABLES = 64
const LONGEST_VARIABLE = 4_096

/** Serves what a client asks for on one SSH session channel: variables, a terminal, then one command or shell. */
export function serveShell(session: Session, options: serveShell.Options): void {
  const env: Record<string, string> = {}
  let tty: Runtime.Exec['tty']
  let shell: Runtime.Process | undefined

  session.on('env', (accept, reject, { key, val }) => {
    const fits = Object.keys(env).length < MOST_VARIABLES && key.length + val.length <= LONGEST_VARIABLE
    if (!fits || !/^[A-Za-z_]\w*$/.test(key) || val.includes('\0')) return reject?.()
    env[key] = val
    accept?.()
  })
  session.on('pty', (accept, _reject, info) => {
    const { term } = info as { term?: string }
    tty = { ...sizeOf(info), term: /^[\w.+-]{1,64}$/.test(term ?? '') ? String(term) : 'xterm' }
    accept?.()
  })
  session.on('window-change', (accept, _reject, info) => {
    const size = sizeOf(info)
    if (tty !== undefined) tty = { ...tty, ...size }
    shell?.resize(size)
    accept?.()
  })
  session.on('signal', (accept, reject, { name }) => {
    if (!SIGNALS.has(name)) return reject?.()
    shell?.kill(name)
    accept?.()
  })

  // Warning: accept at once. A client that has sent the end of its input already cannot be accepted any more; nor can one
  // that asks for a second command on the same channel.
  const start = (channel: ServerChannel | undefined, command?: string) => {
    if (channel === undefined) return
    const onStart = (started: Runtime.Process) => (shell = started)
    run(channel, { ...options, exec: { command, env, tty }, onStart }).catch((error: unknown) => {
      options.log.warn('command broke off', { error, sessionId: options.sessionId })
      channel.close()
    })
  }
  session.on('exec', (accept, _reject, { command }) => start(accept(), command))
  session.on('shell', (accept) => start(accept()))
}

export declare namespace serveShell {
  type Options = { log: Log; runtime: Runtime; sessionId: bigint }
}

type Run = serveShell.Options & { exec: Runtime.Exec; onStart: (shell: Runtime.Process) => void }

async function run(channel: ServerChannel, { exec, log, onStart, runtime, sessionId }: Run): Promise<void> {
  let gone = false
  channel.on('error', () => {})
  channel.once('close', () => {
    gone = true
  })

  let shell: Runtime.Process
  try {
    shell = await runtime.exec(sessionId, exec)
  } catch (error) {
    log.warn('command not started', { error, sessionId })
    channel.stderr.write(error instanceof Error ? `${error.message}\r\n` : '')
    channel.exit(255)
    channel.end()
    return
  }
  onStart(shell)
  // The renter hung up: so does the terminal, as with any SSH server. What ignores that goes on without a reader.
  let ended = false
  void shell.exit.then(() => {
    ended = true
  })
  const hangUp = () => {
    if (!ended) shell.kill('HUP')
    shell.stdin.destroy()
    for (const output of [shell.stdout, shell.stderr]) output.unpipe().resume()
  }
  if (gone) hangUp()
  else channel.once('close', hangUp)

  for (const stream of [shell.stdin, shell.stdout, shell.stderr]) stream.on('error', () => {})
  channel.pipe(shell.stdin)
  shell.stdout.pipe(channel, { end: false })
  shell.stderr.pipe(channel.stderr, { end: false })
  const [exit] = await Promise.all([shell.exit, over(shell.stdout, channel), over(shell.stderr, channel)])
  if (gone) return

  if ('code' in exit) channel.exit(exit.code)
  else channel.exit(exit.signal)
  channel.end()
}

/** Resolves when all output was handed over, or nobody is there to take it. */
function over(output: NodeJS.ReadableStream, channel: ServerChannel): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ['end', 'close', 'error']) output.once(event, () => resolve())
    channel.once('close', () => resolve())
  })
}

function sizeOf({ cols, rows }: { cols: number; rows: number }): { cols: number; rows: number } {
  const within = (value: number, otherwise: number) => (value >= 1 && value <= 1_000 ? value : otherwise)
  return { cols: within(cols, 80), rows: within(rows, 24) }
}
