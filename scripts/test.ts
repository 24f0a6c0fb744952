// Every test there is: the contracts', each package's, and the stories that cross them. Ends with `N passed, N failed`.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CONTRACTS, ROOT, sh } from './steps.ts'

type Result = { passed: number; failed: number; skipped: number }

const REPORT = join(ROOT, 'node_modules/.cache/vitest.json')
const FORGE_TOTALS = /(\d+) tests passed, (\d+) failed, (\d+) skipped \(\d+ total tests\)/g

async function contracts(): Promise<Result> {
  const { code, output } = await sh(['forge', 'test'], { cwd: CONTRACTS, env: { FOUNDRY_PROFILE: 'ci' } })
  const totals = [...output.matchAll(FORGE_TOTALS)].at(-1)
  const [passed = 0, failed = 0, skipped = 0] = totals ? totals.slice(1).map(Number) : []
  return honest(code, { passed, failed, skipped })
}

async function vitest(project: string): Promise<Result> {
  rmSync(REPORT, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`]
  const { code } = await sh(['vitest', 'run', '--project', project, ...reporters])
  if (!existsSync(REPORT)) return honest(code, { passed: 0, failed: 0, skipped: 0 })
  const report = JSON.parse(readFileSync(REPORT, 'utf8'))
  return honest(code, {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
  })
}

/** A runner that failed without a failing test, or ran nothing, has failed. */
function honest(code: number, result: Result): Result {
  const silent = result.failed === 0 && (code !== 0 || result.passed === 0)
  return silent ? { ...result, failed: 1 } : result
}

const started = Date.now()
const results = [await contracts(), await vitest('unit'), await vitest('e2e')]
const sum = (key: keyof Result) => results.reduce((total, result) => total + result[key], 0)

// In CI everything that the tests need is there, so what skips itself hides something.
const skipped = sum('skipped')
const failed = sum('failed') + (process.env['CI'] ? skipped : 0)
console.log(`\nIn ${Math.round((Date.now() - started) / 1000)} s${skipped ? `, ${skipped} skipped` : ''}:`)
console.log(`${sum('passed')} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
