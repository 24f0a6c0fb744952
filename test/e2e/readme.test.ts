import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listenerOn } from '../../packages/node/src/cli/dev/processes.ts'
import { createHome, type Home, type Running, until, watch } from '../jejuCompute.ts'

const ROOT = join(import.meta.dirname, '../..')
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => (block ?? '').trim())

// What runs until it is told to stop, and what it says when it is there.
const lasting: Record<string, RegExp> = {
  './jeju-compute proxy': /set the base URL to http:\/\/127\.0\.0\.1:8007\/v1/,
  'npm start': /Your market is open/,
}

let home: Home
const running: Running[] = []

beforeAll(() => {
  home = createHome()
})

afterAll(async () => {
  for (const process of running.reverse()) await process.end('SIGINT')
  await until('The end of the market', async () => listenerOn(6546) === undefined)
  home.remove()
})

test('names the two commands', () => {
  expect(blocks.slice(0, 2)).toEqual(['npm start', 'npm test'])
})

test.each(blocks.filter((block) => block !== 'npm test'))('%s', async (block) => {
  const child = spawn('bash', ['-ec', block], {
    cwd: ROOT,
    detached: true,
    env: home.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const command = watch(child)
  const sign = lasting[block]
  if (sign) {
    running.push({
      ...command,
      async end(signal = 'SIGINT') {
        if (child.exitCode === null && child.signalCode === null) process.kill(-command.pid, signal)
        return command.exited
      },
    })
    await command.says(sign, 170_000)
    return
  }
  expect(await command.exited, command.said()).toBe(0)
  expect(command.said()).not.toBe('')
})

test('what it points at is there', () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path]) => path ?? '')
  expect(links.length).toBeGreaterThan(5)
  for (const path of links) expect(() => readFileSync(join(ROOT, path)), path).not.toThrow(/ENOENT/)
})
