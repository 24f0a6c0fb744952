#!/usr/bin/env node
import { constants } from 'node:os'
import { runCli } from './cli/Cli.ts'

// npm passes a Ctrl-C on that the terminal has sent already: only one that comes later is a second one.
const SAME_KEY_MS = 1_000

const stop = new AbortController()
let stoppedAt = 0
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // Whoever asks twice does not want to wait for a clean end.
    const isSecond = stop.signal.aborted && Date.now() - stoppedAt > SAME_KEY_MS
    if (isSecond && signal === 'SIGINT') process.exit(128 + constants.signals[signal])
    if (!stop.signal.aborted) stoppedAt = Date.now()
    stop.abort(signal)
  })
}
// A reader that went away (`| head`, a closed terminal) is no error of ours.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => stop.abort('SIGHUP'))

process.exit(await runCli(process.argv.slice(2), { signal: stop.signal }))
