import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Deployment } from '@jejunetwork/contracts'

const BIN = join(import.meta.dirname, '../packages/node/src/bin.ts')

/** A folder for one test's command lines, and the market that they see. */
export type Home = { path: string; env: NodeJS.ProcessEnv; remove(): void }

export function createHome(market?: { rpcUrl: string; deployment: Deployment }): Home {
  const path = mkdtempSync(join(tmpdir(), 'jeju-test-'))
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: path, JEJU_HOME: path, NO_COLOR: '1' }
  if (market) {
    const file = join(path, 'addresses.json')
    writeFileSync(file, JSON.stringify(market.deployment))
    Object.assign(env, { JEJU_DEPLOYMENT: file, JEJU_RPC_URL: market.rpcUrl })
  }
  return { env, path, remove: () => rmSync(path, { force: true, recursive: true }) }
}

/** A running `jeju-compute`. */
export type Running = {
  pid: number
  /** All that it printed so far, on both streams. */
  said(): string
  /** Resolves when it has printed something that matches; fails when it ends or takes too long. */
  says(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>
  exited: Promise<number | string>
  /** Sends a signal and waits until it is gone. */
  end(signal?: NodeJS.Signals): Promise<number | string>
}

/** Starts the command line in a process of its own. */
export function launch(args: readonly string[], env: NodeJS.ProcessEnv): Running {
  return watch(start(args, env))
}

/** Runs the command line to its end. */
export async function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<run.Result> {
  const child = start(args, env)
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { code, stderr, stdout }
}

export declare namespace run {
  type Result = { code: number | null; stdout: string; stderr: string }
}

const start = (args: readonly string[], env: NodeJS.ProcessEnv) =>
  spawn(process.execPath, ['--conditions=src', BIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })

export function watch(child: ChildProcess): Running {
  let said = ''
  const heard = new EventTarget()
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said += chunk
      heard.dispatchEvent(new Event('text'))
    })
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string)
  return {
    async end(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      return exited
    },
    exited,
    pid: child.pid ?? 0,
    said: () => said,
    says: (pattern, timeoutMs = 60_000) => {
      const { promise, reject, resolve } = Promise.withResolvers<RegExpExecArray>()
      const fail = (why: string) => reject(new Error(`${why} before it said ${pattern}:\n${said}`))
      const timer = setTimeout(() => fail('Too much time passed'), timeoutMs)
      const look = () => {
        const match = pattern.exec(said)
        if (match) resolve(match)
      }
      heard.addEventListener('text', look)
      look()
      exited.then((how) => fail(`It ended with ${how}`))
      return promise.finally(() => {
        clearTimeout(timer)
        heard.removeEventListener('text', look)
      })
    },
  }
}

/** Asks until the answer is there, or fails with what was waited for. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${timeoutMs / 1000} s.`)
    await wait(100)
  }
}

/** Ports of 127.0.0.1 that nobody uses now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  let all = ''
  for await (const chunk of stream) all += chunk
  return all
}
