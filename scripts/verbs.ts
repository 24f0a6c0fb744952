// Compares docs/verbs with the contracts: each function of a deployed contract that changes something has a page, which says
// the same four things, names only errors that its contract or another has, and what it costs by bench/gas.md, within 5 %.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as contracts from '../packages/contracts/abi/index.ts'
import { CONTRACTS, ROOT } from './steps.ts'

const PARTS = ['Who calls', 'What changes', 'What it costs', 'What can go wrong']
const FIGURE = /about ([\d,]+) gas \(`([^`]+)`\)/g
const ERROR = /`([A-Z][a-z]\w+)`/g
const TOLERANCE = 0.05
const FOLDER = join(ROOT, 'docs/verbs')

type Item = { type: string; name?: string; stateMutability?: string }

const abis = new Map<string, readonly Item[]>(
  Object.entries(contracts).flatMap(([name, abi]) =>
    name.endsWith('Abi') ? [[name.slice(0, -'Abi'.length), abi as readonly Item[]] as const] : [],
  ),
)
const known = new Set([...abis.keys(), ...[...abis.values()].flat().map(({ name }) => name ?? '')])
/** What calls cost, the contract's own rows and, for what is called through another, all others. */
const gas = [
  ...readFileSync(join(CONTRACTS, 'bench/gas.md'), 'utf8').matchAll(/^\| (\w+) \| (.*) \| ([\d,]+) \|$/gm),
].map(([, contract, row, figure]) => ({ contract, row, gas: number(figure) }))

function number(text = ''): number {
  return Number(text.replaceAll(',', ''))
}

function verbsOf(abi: readonly Item[]): string[] {
  const changing = abi.filter(
    ({ type, stateMutability }) => type === 'function' && /payable/.test(stateMutability ?? ''),
  )
  return [...new Set(changing.map(({ name }) => name ?? ''))]
}

function* faultsOf(contract: string, verb: string): Generator<string> {
  // Lines are wrapped where they are long.
  const page = readFileSync(join(FOLDER, contract, `${verb}.md`), 'utf8').replace(/\n {2}/g, ' ')
  if (!page.startsWith(`# ${verb}\n`)) yield 'does not begin with its name'
  for (const part of PARTS) if (!page.includes(`- **${part}:** `)) yield `does not say "${part}"`
  for (const [, error = ''] of page.matchAll(ERROR))
    if (!known.has(error)) yield `names ${error}, which is unknown`
  for (const [, figure, row = ''] of page.matchAll(FIGURE)) {
    const rows = gas.filter((entry) => entry.row === row)
    const now = (rows.find((entry) => entry.contract === contract) ?? rows[0])?.gas
    if (now === undefined) yield `has a figure for "${row}", which bench/gas.md has not`
    else if (Math.abs(number(figure) - now) > now * TOLERANCE)
      yield `says ${figure} for "${row}", which costs ${now}`
  }
}

const faults: string[] = []
const without: string[] = []
for (const [contract, abi] of abis) {
  const verbs = verbsOf(abi)
  if (verbs.length === 0) continue
  if (!existsSync(join(FOLDER, contract))) {
    without.push(contract)
    continue
  }
  const pages = readdirSync(join(FOLDER, contract)).map((file) => file.replace(/\.md$/, ''))
  for (const verb of verbs)
    if (!pages.includes(verb)) faults.push(`docs/verbs/${contract}/${verb}.md is missing`)
  for (const page of pages)
    if (verbs.includes(page))
      for (const fault of faultsOf(contract, page)) faults.push(`docs/verbs/${contract}/${page}.md ${fault}`)
    else faults.push(`docs/verbs/${contract}/${page}.md is about no function`)
}
if (without.length > 0) console.log(`Without a folder in docs/verbs yet: ${without.join(', ')}`)
for (const fault of faults) console.error(fault)
process.exitCode = faults.length === 0 ? 0 : 1
