#!/usr/bin/env node
// Runs the invariant suites by the profile `nightly`, 10,000,000 calls, and writes bench/invariants.md. It goes by parts of one
// seed each, so that it can be followed, and what fails can be run again. After as many seconds as its argument says it begins
// no further part; what was really run is what the table says.
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { foundry } from './foundry.ts'

const SUITE =
  /test\/invariants\/(\w+)\.t\.sol:\w+\n\[PASS\] \w+\(\) \(runs: (\d+), calls: (\d+), reverts: (\d+)\)[\s\S]*?finished in ([\d.]+)(ms|s)/g
const SUITES = 3
const PARTS = 10

type Figures = { runs: number; calls: number; reverts: number; seconds: number }

const root = join(import.meta.dirname, '..')
const most = Number(process.argv[2] ?? Number.POSITIVE_INFINITY)
if (Number.isNaN(most)) throw new Error(`Not a number of seconds: ${process.argv[2]}`)

/** Each suite has a thread, so that no core waits for the longest of them. */
function runPart(seed: number): [string, Figures][] {
  const args = [
    'test',
    '--match-path',
    'test/invariants/*',
    '--threads',
    String(SUITES),
    '--fuzz-seed',
    String(seed),
  ]
  const { status, stdout } = spawnSync(foundry('forge'), args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, FOUNDRY_PROFILE: 'nightly' },
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const suites = [...stripVTControlCharacters(stdout).matchAll(SUITE)]
  if (status !== 0 || suites.length !== SUITES) {
    console.error(stdout)
    console.error(`With seed ${seed} the invariants do not hold, or their suites did not all run.`)
    process.exit(1)
  }
  return suites.map(([, name = '', runs, calls, reverts, time, unit]) => {
    const seconds = Number(time) / (unit === 'ms' ? 1000 : 1)
    return [name, { runs: Number(runs), calls: Number(calls), reverts: Number(reverts), seconds }]
  })
}

function sum(all: Figures[]): Figures {
  const add = (key: keyof Figures) => all.reduce((total, figures) => total + figures[key], 0)
  return { runs: add('runs'), calls: add('calls'), reverts: add('reverts'), seconds: add('seconds') }
}

function row(name: string, { runs, calls, reverts, seconds }: Figures): string {
  const through = `${(((calls - reverts) / calls) * 100).toFixed(1)} %`
  const cells = [runs, calls, reverts, Math.round(seconds)].map((figure) => figure.toLocaleString('en'))
  return `| ${[name, ...cells.slice(0, 3), through, ...cells.slice(3)].join(' | ')} |\n`
}

/** The commit the working tree is at, marked if what is run differs from it. */
function commit(): string {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout.trim()
  return `\`${git('describe', '--always', '--dirty', '--exclude=*')}\` of ${git('show', '--no-patch', '--format=%cs')}`
}

const made = commit()
const first = randomInt(2 ** 32)
const suites = new Map<string, Figures>()
const start = performance.now()
const passed = () => Math.round((performance.now() - start) / 1000)
let parts = 0
while (parts < PARTS && passed() < most) {
  for (const [name, figures] of runPart(first + parts)) {
    suites.set(name, sum([figures, ...[suites.get(name) ?? []].flat()]))
  }
  parts++
  const { calls } = sum([...suites.values()])
  console.log(`part ${parts} of ${PARTS}: ${calls.toLocaleString('en')} calls in ${passed()} s, all held`)
}

const rows = [...suites].sort(([a], [b]) => a.localeCompare(b)).map(([name, figures]) => row(name, figures))
const text = `# Invariants

The last long run, of ${new Date().toISOString().slice(0, 10)}, made by \`node scripts/invariants.ts\` at commit ${made}: ${parts} of its
${PARTS} parts, with the seeds ${first} to ${first + parts - 1}, in ${passed().toLocaleString('en')} seconds. All three suites held. A call that reverts changed
nothing, as it should; of the others some found nothing to do. Suites run side by side, so their seconds add up to more than the run
took.

| suite | runs | calls | reverts | went through | seconds |
| --- | ---: | ---: | ---: | ---: | ---: |
${rows.join('')}${row('all', sum([...suites.values()]))}`
writeFileSync(join(root, 'bench/invariants.md'), text)
console.log(text)
