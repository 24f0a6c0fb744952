// Everything that can be known without running the product. `--fix` mends what a tool can mend.
import { CONTRACTS, sh } from './steps.ts'

type Step = {
  name: string
  command: [string, ...string[]]
  cwd?: string
  env?: NodeJS.ProcessEnv
  shown?: true
}

const fix = process.argv.includes('--fix')
// Warning: forge lint writes a build that the next `forge script` cannot use, so it has folders of its own.
const lint = { FOUNDRY_OUT: 'out/.lint', FOUNDRY_CACHE_PATH: 'cache/lint' }
const steps: Step[] = [
  { name: 'format, lint and import walls', command: fix ? ['biome', 'check', '--write'] : ['biome', 'ci'] },
  { name: 'types', command: ['tsc', '-b'] },
  { name: 'Solidity format', command: ['forge', 'fmt', ...(fix ? [] : ['--check'])], cwd: CONTRACTS },
  { name: 'Solidity lint', command: ['forge', 'lint', '--deny', 'warnings'], cwd: CONTRACTS, env: lint },
  { name: 'contracts compile', command: ['forge', 'build'], cwd: CONTRACTS },
  { name: 'contracts below EIP-170', command: ['node', 'scripts/sizes.ts'], cwd: CONTRACTS, shown: true },
  {
    name: 'ABI up to date',
    command: ['node', 'scripts/abi.ts', ...(fix ? [] : ['--check'])],
    cwd: CONTRACTS,
  },
  {
    name: 'gas as in bench/gas.md',
    command: ['node', 'scripts/gas.ts', ...(fix ? [] : ['--check'])],
    cwd: CONTRACTS,
  },
  {
    name: 'lockfile for every platform',
    command: ['node', 'scripts/lockfile.mjs', ...(fix ? [] : ['--check'])],
  },
  { name: 'a test for every rule', command: ['node', 'scripts/rules.ts'] },
  { name: 'a page for every verb', command: ['node', 'scripts/verbs.ts'], shown: true },
  { name: 'no dead code', command: ['knip'] },
]

const failed: string[] = []
for (const { name, command, shown, ...options } of steps) {
  const started = Date.now()
  const { code, output } = await sh(command, { ...options, quiet: true })
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
  if (code !== 0) failed.push(name)
  if (code !== 0 || shown) console.log(output.trim())
}
if (failed.length > 0)
  console.log(`\nNot in order: ${failed.join(', ')}. \`npm run check -- --fix\` mends some of it.`)
process.exitCode = failed.length === 0 ? 0 : 1
