import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { commandOf, listenerOn } from '../../packages/node/src/cli/dev/processes.ts'
import { containers } from '../docker.ts'
import { createHome, type Home, type Running, run, until, watch } from '../jejuCompute.ts'

const ROOT = join(import.meta.dirname, '../..')
const PORTS = [6546, 4007, 2222]
const OPEN = /Your market is open/

let home: Home
let market: Running | undefined

beforeAll(() => {
  home = createHome()
  return () => home.remove()
})

afterEach(async () => {
  // npm may be gone before what it started.
  try {
    if (market) process.kill(-market.pid, 'SIGKILL')
  } catch {
    // Nothing is left.
  }
  await until('The end of the local chain', async () => listenerOn(6546) === undefined)
})

/** `npm start` as a terminal would run it: in a process group of its own. */
function npmStart(args: readonly string[] = []): Running {
  const command = ['start', '--silent', ...(args.length > 0 ? ['--', ...args] : [])]
  const child = spawn('npm', command, {
    cwd: ROOT,
    detached: true,
    env: home.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const running = watch(child)
  return {
    ...running,
    async end(signal = 'SIGINT') {
      if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid ?? 0), signal)
      return running.exited
    },
  }
}

const anvilPid = () => Number(readFileSync(join(home.path, 'anvil.pid'), 'utf8'))
const isClosed = () =>
  PORTS.every((port) => listenerOn(port) === undefined) && !existsSync(join(home.path, 'node.lock'))

test('opens a market; a machine is rented, a model asked, and Ctrl-C leaves nothing behind', async () => {
  market = npmStart()
  await market.says(OPEN, 170_000)
  expect(market.said()).toContain('http://127.0.0.1:6546 (31337)')
  const anvil = anvilPid()

  const rented = await run(['rent', '1', '--hours', '2', '--json'], home.env)
  expect(rented.stderr).toContain('a development account of the local chain')
  expect(JSON.parse(rented.stdout)).toMatchObject({ deposit: '20000000000000000', sessionId: '1' })
  expect(await run(['ssh', '1', '--', 'echo inside; exit 9'], home.env)).toMatchObject({
    code: 9,
    stdout: 'inside\n',
  })

  const answer = await run(['chat', 'Hello', '--max-tokens', '20', '--json'], home.env)
  const { text, usage } = JSON.parse(answer.stdout)
  expect(text.length).toBeGreaterThan(5)
  expect(usage.completion_tokens).toBeGreaterThan(1)

  expect(await market.end('SIGINT')).toBe(0)
  expect(commandOf(anvil)).toBeUndefined()
  expect(isClosed()).toBe(true)
  if (market.said().includes('containers'))
    expect(await containers(deployment().computeRental, 1n)).toEqual([])
})

test('a second start resumes the chain and its sessions', async () => {
  const before = Date.now()
  market = npmStart()
  await market.says(OPEN)
  expect(Date.now() - before, 'milliseconds').toBeLessThan(60_000)
  expect(market.said()).toContain('resumed')

  const { stdout } = await run(['sessions', '--json'], home.env)
  expect(JSON.parse(stdout)).toMatchObject([{ sessionId: '1', status: 'running' }])
  await until('The machine', async () => (await run(['ssh', '1', '--', 'true'], home.env)).code === 0)

  const second = await run(['dev'], home.env)
  expect(second).toMatchObject({ code: 75 })
  expect(second.stderr).toMatch(
    /^Process \d+ works in .* already: end it, or set JEJU_HOME to another folder/,
  )
  expect(await market.end('SIGTERM')).toBe(0)
})

test('what a kill leaves behind is gone or taken over by the next start', async () => {
  market = npmStart()
  await market.says(OPEN)
  const anvil = anvilPid()
  await market.end('SIGKILL')
  await until('The end of the chain', async () => commandOf(anvil) === undefined)

  market = npmStart()
  await market.says(OPEN)
  const { stdout } = await run(['sessions', '--json'], home.env)
  expect(JSON.parse(stdout)).toMatchObject([{ sessionId: '1' }])
  // The terminal closes: npm dies of it, the market ends in order.
  await market.end('SIGHUP')
  await until('The end of the market', async () => isClosed())
})

test.each([
  ['the market', OPEN],
  ['a market that starts', /local chain …/],
])('a kill of npm alone closes %s too', async (_, when) => {
  market = npmStart()
  await market.says(when)
  process.kill(market.pid, 'SIGKILL')
  await until('The end of the market', async () => isClosed())
})

test('a taken port is named, with who has it', async () => {
  const server = createServer().listen(4007, '127.0.0.1')
  try {
    const { code, stderr } = await run(['dev'], home.env)
    expect(stderr).toMatch(
      new RegExp(`Port 4007, for the provider, is taken by process ${process.pid} \\(.*\\); end it, or`),
    )
    expect(code).toBe(1)
  } finally {
    server.close()
  }
})

test('a damaged chain is left as it is; the one of the last start helps, and so does a reset', async () => {
  const file = join(home.path, 'chain.json')
  truncateSync(file, 1_000)
  const broken = await run(['dev'], home.env)
  expect(broken.stderr).toContain(`The saved chain ${file} is damaged and was left as it is`)
  expect(broken.code).toBe(1)
  expect(readFileSync(file).length).toBe(1_000)

  copyFileSync(join(home.path, 'chain.last.json'), file)
  market = npmStart()
  await market.says(OPEN)
  expect(JSON.parse((await run(['sessions', '--json'], home.env)).stdout)).toMatchObject([{ sessionId: '1' }])
  expect(await market.end()).toBe(0)

  writeFileSync(join(home.path, 'kept'), '')
  market = npmStart(['--reset'])
  await market.says(OPEN)
  expect(JSON.parse((await run(['sessions', '--json'], home.env)).stdout)).toEqual([])
  expect(existsSync(join(home.path, 'kept'))).toBe(true)
  expect(await market.end()).toBe(0)
})

const deployment = () => JSON.parse(readFileSync(join(home.path, 'deployment.json'), 'utf8'))
