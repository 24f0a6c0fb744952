#!/usr/bin/env node
// Runs the invariant suites by the profile `nightly`, 10,000,000 calls, and writes bench/invariants.md. A number as argument
// bounds each suite's time in seconds; what was really run is what the table says.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { foundry } from './foundry.ts'

const SUITE =
  /test\/invariants\/(\w+)\.t\.sol:\w+\n\[PASS\] \w+\(\) \(runs: (\d+), calls: (\d+), reverts: (\d+)\)[\s\S]*?finished in ([\d.]+)(ms|s)/g
const SUITES = 3

const root = join(import.meta.dirname, '..')
const [seconds] = process.argv.slice(2)

const { status, stdout } = spawnSync(foundry('forge'), ['test', '--match-path', 'test/invariants/*'], {
  cwd: root,
  encoding: 'utf8',
  env: {
    ...process.env,
    FOUNDRY_PROFILE: 'nightly',
    ...(seconds !== undefined && { FOUNDRY_INVARIANT_TIMEOUT: seconds }),
  },
  maxBuffer: 1 << 28,
  stdio: ['ignore', 'pipe', 'inherit'],
})
const suites = [...stripVTControlCharacters(stdout).matchAll(SUITE)].map(
  ([, name = '', runs, calls, reverts, time, unit]) => ({
    name,
    runs: Number(runs),
    calls: Number(calls),
    reverts: Number(reverts),
    seconds: Number(time) / (unit === 'ms' ? 1000 : 1),
  }),
)
if (status !== 0 || suites.length !== SUITES) {
  console.error(stdout)
  console.error('The invariants do not hold, or their suites did not all run.')
  process.exit(1)
}

type Figures = Omit<(typeof suites)[number], 'name'>

function row(name: string, { runs, calls, reverts, seconds }: Figures): string {
  const did = `${(((calls - reverts) / calls) * 100).toFixed(1)} %`
  const cells = [runs, calls, reverts].map((figure) => figure.toLocaleString('en'))
  return `| ${[name, ...cells, did, Math.round(seconds).toLocaleString('en')].join(' | ')} |\n`
}

const sum = (key: keyof Figures) => suites.reduce((total, suite) => total + suite[key], 0)
const all = { runs: sum('runs'), calls: sum('calls'), reverts: sum('reverts'), seconds: sum('seconds') }
const rows = suites.toSorted((a, b) => a.name.localeCompare(b.name)).map((suite) => row(suite.name, suite))
const bound =
  seconds === undefined
    ? ''
    : ` This one was bounded to ${seconds} seconds a suite; unbounded it makes 10,000,128 calls.`
const text = `# Invariants

The last long run, of ${new Date().toISOString().slice(0, 10)}, made by \`node scripts/invariants.ts\`. A call that reverts changed nothing, as it should;
the others did something. Suites run side by side, so their seconds add up to more than the run took.${bound}

| suite | runs | calls | reverts | did something | seconds |
| --- | ---: | ---: | ---: | ---: | ---: |
${rows.join('')}${row('all', all)}`
writeFileSync(join(root, 'bench/invariants.md'), text)
console.log(text)
