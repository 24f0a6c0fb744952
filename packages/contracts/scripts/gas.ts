#!/usr/bin/env node
// Measures what calls cost and writes bench/gas.md. `--check` writes nothing and fails where a figure differs by more than 0.5 %.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { foundry } from './foundry.ts'

const TOLERANCE = 0.005
const HEAD = `# Gas

Whole transactions from cold storage, made by \`node scripts/gas.ts\`; \`npm run check\` compares them.

| contract | call | gas |
| --- | --- | ---: |
`

const root = join(import.meta.dirname, '..')
const snapshots = join(root, 'cache/gas')
const table = join(root, 'bench/gas.md')

/** Gas by row of the table, as the tests measure it now. */
function measure(): Map<string, number> {
  rmSync(snapshots, { recursive: true, force: true })
  execFileSync(foundry('forge'), ['test', '--match-path', 'test/*/gas.t.sol'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const rows = new Map<string, number>()
  for (const file of readdirSync(snapshots).toSorted()) {
    const calls = JSON.parse(readFileSync(join(snapshots, file), 'utf8'))
    for (const [call, gas] of Object.entries(calls))
      rows.set(`| ${file.slice(0, -'.json'.length)} | ${call} |`, Number(gas))
  }
  return rows
}

/** Gas by row, as committed. */
function committed(): Map<string, number> {
  const lines = existsSync(table) ? readFileSync(table, 'utf8').split('\n') : []
  return new Map(
    lines.flatMap((line) => {
      const [, row, gas] = /^(\|.*\|.*\|) ([\d,]+) \|$/.exec(line) ?? []
      return row === undefined || gas === undefined ? [] : [[row, Number(gas.replaceAll(',', ''))] as const]
    }),
  )
}

const measured = measure()
if (process.argv.includes('--check')) {
  const known = committed()
  const rows = [...new Set([...measured.keys(), ...known.keys()])]
  const moved = rows.filter((row) => {
    const [now = 0, before = 0] = [measured.get(row), known.get(row)]
    return Math.abs(now - before) > before * TOLERANCE
  })
  for (const row of moved)
    console.error(`${row} ${known.get(row) ?? 'none'} → ${measured.get(row) ?? 'none'}`)
  if (moved.length > 0) console.error('bench/gas.md is not what calls cost; run `node scripts/gas.ts`.')
  process.exitCode = moved.length === 0 ? 0 : 1
} else {
  const lines = [...measured].map(([row, gas]) => `${row} ${gas.toLocaleString('en')} |\n`)
  mkdirSync(join(root, 'bench'), { recursive: true })
  writeFileSync(table, HEAD + lines.join(''))
  console.log(`Wrote ${measured.size} figures.`)
}
