import { readFileSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chain, keyOf, startChain } from '../chain.ts'
import { createHome, freePorts, type Home, launch, type Running, run } from '../jejuCompute.ts'

/** Loopback of IPv6, or of IPv4 on a machine that has no other. */
const HOST = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))
  ? '::1'
  : '127.0.0.1'

let chain: Chain
let home: Home
let node: Running

beforeAll(async () => {
  chain = await startChain()
  home = createHome(chain)
  const [http = 0, ssh = 0] = await freePorts(2)
  const where = ['--host', HOST, '--port', String(http), '--endpoint', `http://${inUrl(HOST)}:${http}`]
  const gateway = ['--ssh-host', HOST, '--ssh-port', String(ssh), '--no-inference']
  const env = { ...home.env, JEJU_PRIVATE_KEY: keyOf(1), JEJU_RUNTIME: 'process' }
  node = launch(['provider', 'start', ...where, ...gateway], env)
  await node.says(/Provider \d+ serves at/, 120_000)
})

afterAll(async () => {
  await node?.end()
  await chain?.close()
  home?.remove()
})

test(`a machine at ${HOST} is rented, reached by ssh and scp, and given back`, async () => {
  const jeju = async (...args: string[]) => {
    const { code, stderr, stdout } = await run(args, home.env)
    expect(code, stderr).toBe(0)
    return stdout
  }
  await jeju('rent', '1', '--yes')
  expect(await jeju('ssh', '1', '--', 'echo here')).toBe('here\n')
  const file = join(home.path, 'note.txt')
  writeFileSync(file, 'kept')
  await jeju('scp', file, '1:note.txt')
  await jeju('scp', '1:note.txt', `${file}.back`)
  expect(readFileSync(`${file}.back`, 'utf8')).toBe('kept')
  await jeju('terminate', '1', '--yes')
})

function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
