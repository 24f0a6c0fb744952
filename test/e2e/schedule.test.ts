import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chain, startChain } from '../chain.ts'
import { createHome, type Home, type Running, watch } from '../jejuCompute.ts'

const ROOT = join(import.meta.dirname, '../..')
const guide = readFileSync(join(ROOT, 'docs/guides/schedule-a-call.md'), 'utf8')
const [deploy = '', create = '', show = '', keep = '', look = ''] = [
  ...guide.matchAll(/^```sh\n(.*?)^```$/gms),
].map(([, block]) => block ?? '')

let chain: Chain
let home: Home
let shell: Running & { type(text: string): void }
let keeper: Running | undefined

beforeAll(async () => {
  chain = await startChain()
  home = createHome(chain)
  shell = open()
})

afterAll(async () => {
  shell?.type('exit')
  await shell?.exited
  await keeper?.end()
  await chain?.close()
  home?.remove()
})

test('the guide, from the first command to the last', async () => {
  expect(await run(deploy)).toMatch(/^0x[0-9a-fA-F]{40}$/m)
  expect(await run(create)).toMatch(/trigger +1\n/)
  expect(await run(show)).toMatch(/next runs +20\d\d-/)

  const child = spawn('bash', ['-ec', `exec ${keep}`], {
    cwd: ROOT,
    env: home.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  keeper = watch(child)
  await keeper.says(/Keeper 0x\w+ runs/)
  await chain.warp(60)
  await keeper.says(/executed/)

  const seen = await run(look)
  expect(seen).toMatch(/ done /)
  expect(seen).toMatch(/^1$/m)
  expect(seen).toMatch(/1, deactivated/)
})

/** One shell for all of the page, as its reader has it. */
function open() {
  const child = spawn('bash', ['-e'], { cwd: ROOT, env: home.env, stdio: ['pipe', 'pipe', 'pipe'] })
  return { ...watch(child), type: (text: string) => void child.stdin.write(`${text}\n`) }
}

async function run(block: string): Promise<string> {
  const before = shell.said().length
  const mark = `done-${before}`
  shell.type(`${block}\necho ${mark}`)
  await shell.says(new RegExp(`^${mark}$`, 'm'), 100_000)
  return shell.said().slice(before)
}
