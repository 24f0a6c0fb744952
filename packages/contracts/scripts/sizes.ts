#!/usr/bin/env node
// Prints how large each contract's code is, largest first, and fails where one exceeds what EIP-170 lets a chain take.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const LIMIT = 24_576
/** What is left of a library whose functions all live in its callers. */
const EMPTY = 100

const root = join(import.meta.dirname, '..')

/** The contracts of `src`, as the last build made them. */
function sizes(): { name: string; bytes: number }[] {
  return globSync('out/*.sol/*.json', { cwd: root }).flatMap((file) => {
    const { deployedBytecode, metadata } = JSON.parse(readFileSync(join(root, file), 'utf8'))
    const [[source = '', name = ''] = []] = Object.entries<string>(metadata?.settings.compilationTarget ?? {})
    const bytes = ((deployedBytecode?.object.length ?? 2) - 2) / 2
    const counts = source.startsWith('src/') && existsSync(join(root, source)) && bytes > EMPTY
    return counts ? [{ name, bytes }] : []
  })
}

const all = sizes().toSorted((a, b) => b.bytes - a.bytes)
for (const { name, bytes } of all) {
  const room = LIMIT - bytes
  console.log(
    `${name.padEnd(22)} ${bytes.toLocaleString('en').padStart(6)} bytes, ${room.toLocaleString('en')} left`,
  )
}
const largest = all[0]
if (largest === undefined) console.error('Nothing is built.')
else if (largest.bytes > LIMIT)
  console.error(`${largest.name} is larger than ${LIMIT.toLocaleString('en')} bytes (EIP-170).`)
process.exitCode = largest !== undefined && largest.bytes <= LIMIT ? 0 : 1
