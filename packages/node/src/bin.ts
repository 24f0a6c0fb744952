#!/usr/bin/env node
import { constants } from 'node:os'
import { runCli } from './cli/Cli.ts'

const stop = new AbortController()
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
for (const signal of signals) {
  process.on(signal, () => {
    // Whoever asks twice does not want to wait for a clean end.
    if (stop.signal.aborted && signal === 'SIGINT') process.exit(128 + constants.signals[signal])
    stop.abort(signal)
  })
}
// A reader that went away (`| head`, a closed terminal) is no error of ours.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => stop.abort('SIGHUP'))

process.exit(await runCli(process.argv.slice(2), { signal: stop.signal }))
