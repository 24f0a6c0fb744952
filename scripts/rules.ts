// Compares the numbered rules of docs/protocol.md with the tests: each rule is named by a test, and each rule that a test
// names exists. So does each test that docs/security.md names.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './steps.ts'

const NUMBER = /\b(?:STK|REG|MOD|TEE|LED|RENT|INF|TRG|DEP)-\d+\b/g
const TESTS = [
  'packages/contracts/test/**/*.sol',
  'packages/*/{src,abi,scripts}/**/*.test.ts',
  'test/**/*.test.ts',
]

const numbers = (path: string) => readFileSync(join(ROOT, path), 'utf8').match(NUMBER) ?? []
const rules = new Set(numbers('docs/protocol.md'))
const tested = new Set(globSync(TESTS, { cwd: ROOT, exclude: ['**/node_modules/**'] }).flatMap(numbers))

const untested = [...rules].filter((rule) => !tested.has(rule))
const unknown = [...tested].filter((rule) => !rules.has(rule))
if (untested.length > 0) console.error(`Rules of docs/protocol.md that no test names: ${untested.join(' ')}`)
if (unknown.length > 0)
  console.error(`Rules named by tests that docs/protocol.md lacks: ${unknown.join(' ')}`)

const solidity = globSync('packages/contracts/test/**/*.sol', { cwd: ROOT }).map((path) =>
  readFileSync(join(ROOT, path), 'utf8'),
)
const named = readFileSync(join(ROOT, 'docs/security.md'), 'utf8').match(/(?<=`)test_\w+(?=`)/g) ?? []
const missing = named.filter((test) => !solidity.some((text) => text.includes(`function ${test}(`)))
if (missing.length > 0)
  console.error(`Tests that docs/security.md names and nobody wrote: ${missing.join(' ')}`)
process.exitCode = missing.length + untested.length + unknown.length === 0 ? 0 : 1
