import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

export const ROOT: string = join(import.meta.dirname, '..')
export const CONTRACTS: string = join(ROOT, 'packages/contracts')

/** Runs a command in the repository, shows what it prints, and gives back its exit code and its output. */
export async function sh(
  command: readonly [string, ...string[]],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; quiet?: boolean } = {},
): Promise<{ code: number; output: string }> {
  const [file, ...args] = command
  const child = spawn(file, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk
      if (!options.quiet) process.stdout.write(chunk)
    })
  const [code, signal] = await once(child, 'close')
  return { code: signal ? 1 : code, output: stripVTControlCharacters(output) }
}
