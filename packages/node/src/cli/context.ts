import type { LocalAccount } from 'viem'
import type { Config } from './config.ts'
import type { Output, Result } from './output.ts'

/** What every command gets. */
export type Context = {
  config: Config
  output: Output
  signal: AbortSignal
  json: boolean
}

export type Input = {
  args: readonly string[]
  options: Readonly<Record<string, string | boolean | undefined>>
}

/** One command. It returns what to print, or an exit code when it spoke for itself. */
export type Run = (context: Context, input: Input) => Promise<Result | { exitCode: number }>

/** Whose key is wanted: a provider's node, a user's wallet or a keeper. They differ on the local chain alone. */
export type Role = 'provider' | 'user' | 'keeper'

export type Unlocked = { account: LocalAccount; from: string }
