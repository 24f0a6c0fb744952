import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { abis, ComputeError, isUnreachable, revertOf } from '@jejunetwork/sdk'
import { Command, CommanderError } from 'commander'
import { visible } from '../visible.ts'
import { commands, type Definition } from './commands.ts'
import { asCalled, readConfig } from './config.ts'
import type { Input, Run } from './context.ts'
import { InterruptedError, TryLaterError, UsageError } from './errors.ts'
import { createOutput, print } from './output.ts'

const VERSION: string = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
).version
const OK = 0
const FAILED = 1
const TRY_LATER = 75
const INTERRUPTED = 130

/** Runs one command line and gives back its exit code: 0, 1 (yours to mend), 75 (try again later) or 130 (broken off). */
export async function runCli(argv: readonly string[], options: { signal: AbortSignal }): Promise<number> {
  const { signal } = options
  const program = new Command('jeju-compute')
    .description('Rent machines, buy inference, and offer both, on Jeju Compute.')
    .version(VERSION, '--version', 'print the version')
    .exitOverride()
    .enablePositionalOptions()
    .showHelpAfterError('Ask --help for what it takes.')
  withExample(program, 'rent 1 --hours 2')
  const outcome: Outcome = { exitCode: OK }
  for (const definition of commands) define(program, definition, { outcome, signal })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return outcome.exitCode
  } catch (error) {
    return report(error, signal)
  }
}

type Outcome = { exitCode: number }
type Life = { outcome: Outcome; signal: AbortSignal }

function define(parent: Command, definition: Definition, life: Life): void {
  const command = parent.command(definition.usage).description(definition.summary).exitOverride()
  withExample(command, definition.example)
  if ('commands' in definition) {
    for (const child of definition.commands) define(command, child, life)
    return
  }
  command.showHelpAfterError(asCalled(`It is \`${pathOf(command)} ${command.usage()}\`; --help says more.`))
  for (const [flags, description] of definition.options ?? []) command.option(flags, description)
  command.option('--json', 'print the result as JSON')
  command.option('--rpc <url>', "the chain's RPC, over JEJU_RPC_URL")
  if (definition.asks) command.option('-y, --yes', 'do it without being asked')
  if (definition.passThrough) command.passThroughOptions()
  command.action(async () => {
    const run = await definition.load()
    life.outcome.exitCode = await execute(run, { args: command.args, options: command.opts() }, life.signal)
  })
}

async function execute(run: Run, input: Input, signal: AbortSignal): Promise<number> {
  const { json = false, rpc, yes = false } = input.options
  const config = readConfig()
  const output = createOutput({ yes: yes === true })
  const context = {
    config: typeof rpc === 'string' ? { ...config, rpcUrl: rpc } : config,
    json: json === true,
    output,
    signal,
  }
  const result = await run(context, input)
  if ('exitCode' in result) return result.exitCode
  print(result, { json: json === true })
  return OK
}

const pathOf = (command: Command): string =>
  command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()

function withExample(command: Command, example: string): void {
  command.addHelpText('after', asCalled(`\nExample:\n  $ jeju-compute ${example}`))
}

/** One sentence for what is expected to go wrong, everything for what is a bug. */
function report(error: unknown, signal: AbortSignal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? OK : FAILED
  if (signal.aborted) return INTERRUPTED
  if (!(error instanceof Error)) throw error

  const known = asComputeError(error)
  process.stderr.write(`${asCalled(visible(known ? known.message : (error.stack ?? error.message)))}\n`)
  if (known instanceof InterruptedError) return INTERRUPTED
  return known?.retryable ? TRY_LATER : FAILED
}

function asComputeError(error: Error): ComputeError | undefined {
  if (error instanceof ComputeError) return error
  if (isUnreachable(error))
    return new TryLaterError('The chain stopped answering; try again.', { cause: error })
  if ('code' in error && 'path' in error && ['EACCES', 'EPERM', 'EROFS'].includes(String(error.code)))
    return new UsageError(`${error.path} may not be written; set JEJU_HOME to a folder of yours.`, {
      cause: error,
    })
  const functionName = 'functionName' in error ? String(error.functionName) : 'the call'
  return revertOf(error, { abis, functionName })
}
