import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const ARCHITECTURES: Record<string, string> = { arm64: 'arm64', x64: 'amd64' }

/**
 * Path of a Foundry tool as npm installed it for this machine.
 * Warning: the start script beside it, `.bin/forge`, exits with 0 when forge fails.
 */
export function foundry(tool: 'anvil' | 'forge'): string {
  const name = `@foundry-rs/${tool}-${process.platform}-${ARCHITECTURES[process.arch] ?? process.arch}`
  return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'bin', tool)
}
