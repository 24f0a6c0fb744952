import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const ARCHITECTURES: Record<string, string> = { arm64: 'arm64', x64: 'amd64' }

/** Path of a Foundry tool as npm installed it for this machine. Its own start script would cost half a second a call. */
export function foundry(tool: 'anvil' | 'cast' | 'forge'): string {
  const name = `@foundry-rs/${tool}-${process.platform}-${ARCHITECTURES[process.arch] ?? process.arch}`
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'bin', tool)
  } catch (cause) {
    throw new Error(`${tool} for this machine is not installed: npm has it as ${name}.`, { cause })
  }
}
