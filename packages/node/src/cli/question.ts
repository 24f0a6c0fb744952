import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { InterruptedError } from './errors.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Asks the person at the terminal; `hidden` shows nothing of what is typed. Ctrl-C, Ctrl-D and signals end the command. */
export async function question(text: string, { hidden = false }: { hidden?: boolean } = {}): Promise<string> {
  const stop = new AbortController()
  const onSignal = () => stop.abort()
  for (const signal of SIGNALS) process.on(signal, onSignal)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const output = hidden ? silent : process.stderr
  // From here on a key comes as a key; only then does the person see the question.
  const lines = createInterface({ input: process.stdin, output, terminal: true })
  let isAnswered = false
  try {
    if (hidden) process.stderr.write(text)
    const answer = await lines.question(hidden ? '' : text, { signal: stop.signal })
    isAnswered = true
    return answer
  } catch (cause) {
    if (!(cause instanceof Error && cause.name === 'AbortError')) throw cause
    throw new InterruptedError('Nothing was done.', { cause })
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal)
    lines.close()
    if (hidden || !isAnswered) process.stderr.write('\n')
  }
}
