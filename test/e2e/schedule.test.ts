import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chain, startChain } from '../chain.ts'
import { createHome, type Home, type Running, watch } from '../jejuCompute.ts'

const ROOT = join(import.meta.dirname, '../..')
const guide = readFileSync(join(ROOT, 'docs/guides/schedule-a-call.md'), 'utf8')
const [
  deploy = '',
  create = '',
  show = '',
  keep = '',
  look = '',
  send = '',
  agent = '',
  hear = '',
  end = '',
] = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block ?? '')

let chain: Chain
let home: Home
let shell: Running & { type(text: string): void }
const running: Running[] = []

beforeAll(async () => {
  chain = await startChain()
  home = createHome(chain)
  shell = open()
})

afterAll(async () => {
  shell?.type('exit')
  await shell?.exited
  await Promise.all(running.map((one) => one.end()))
  await chain?.close()
  home?.remove()
})

test('the guide, from the first command to the last', async () => {
  expect(await run(deploy)).toMatch(/^0x[0-9a-fA-F]{40}$/m)
  await chain.nextMinute()
  expect(await run(create)).toMatch(/trigger +1\n/)
  expect(await run(show)).toMatch(/next runs +20\d\d-/)

  const keeper = leaveRunning(keep)
  await keeper.says(/Keeper 0x\w+ runs/)
  await chain.nextMinute()
  await keeper.says(/executed/)

  const seen = await run(look)
  expect(seen).toMatch(/ done /)
  expect(seen).toMatch(/^1$/m)
  expect(seen).toMatch(/1, deactivated/)

  expect(await run(send)).toContain('202 {"nonce":')
  await keeper.says(/"triggerId":"2","msg":"executed"/)
  const program = leaveRunning(agent)
  await program.says(/listens on/)
  const heard = await run(hear)
  expect(heard).toMatch(/trigger +3\n/)
  await program.says(/Trigger 3 ran: 0x\w+ logged 3/)
  await keeper.says(/agent called/)

  const left = await run(end)
  expect(left).toContain('by the same command')
  expect(left).toMatch(/3 +active/)
})

/** What the page's reader leaves running in a terminal of its own. */
function leaveRunning(block: string): Running {
  const child = spawn('bash', ['-ec', `exec ${block}`], {
    cwd: ROOT,
    env: home.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const one = watch(child)
  running.push(one)
  return one
}

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
