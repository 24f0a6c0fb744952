import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AgentRegistration } from '@jejunetwork/sdk'
import { toEventSelector } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqliteStore } from '../../packages/node/src/keeper/store/sqlite.ts'
import { storeFileOf } from '../../packages/node/src/keeper/storeFile.ts'
import { type Chain, startChain } from '../chain.ts'
import { createHome, type Home, run } from '../jejuCompute.ts'

const TARGET = `0x${'aa'.repeat(20)}`

let chain: Chain
let home: Home

beforeAll(async () => {
  chain = await startChain()
  home = createHome(chain)
})

afterAll(async () => {
  await chain?.close()
  home?.remove()
})

test('a trigger is created, funded twice, paused, resumed, shown and ended', async () => {
  const made = await json(
    'create',
    '--cron',
    '0 9 * * MON',
    '--utc-offset',
    '+02:00',
    '--target',
    TARGET,
    '--fund',
    '0.05',
  )
  expect(made).toMatchObject({ triggerId: '1' })
  expect(await json('fund', '1', '0.01')).toMatchObject({ balance: '60000000000000000' })
  expect(await json('fund', '1', '0.01', '--max-gas-price', '30')).toMatchObject({
    balance: '70000000000000000',
  })
  expect(await json('pause', '1')).toMatchObject({ state: 'paused' })
  expect(await json('resume', '1')).toMatchObject({ state: 'active' })

  const shown = (await json('show', '1')) as { nextTicks: string[]; sponsor: object }
  expect(shown).toMatchObject({
    config: { expression: '0 9 * * 1', utcOffset: 8 },
    sponsor: { perPeriod: '70000000000000000' },
  })
  const days = shown.nextTicks.map((tick) => new Date(Number(tick) * 1000).toISOString())
  for (const day of days) expect(day).toMatch(/T07:00:00/)
  expect(days).toHaveLength(5)
  expect(await json('logs', '1')).toEqual([])
  expect(await json('deactivate', '1')).toMatchObject({ state: 'deactivated' })
  expect(await json('list')).toMatchObject([{ state: 'deactivated', triggerId: '1' }])
})

test('a hook is made with its trigger, gets a second secret, is listed without them, and is removed', async () => {
  const made = (await json('create', '--webhook', '--target', TARGET)) as Made
  const { triggerId } = made
  expect(made.hook.secret).toMatch(/^whsec_/)
  const file = join(home.path, 'sender.secret')
  writeFileSync(file, `whpk_${Buffer.alloc(32, 1).toString('base64')}\n`)
  const more = await keeper('add', triggerId, '--secret-file', file)
  expect(more).toMatchObject({ isInUse: true, key: made.hook.key })
  expect(more).not.toHaveProperty('secret')

  const hook = { key: made.hook.key, trigger: triggerId }
  expect(await keeper('list')).toEqual([{ ...hook, secrets: 2, state: 'active' }])
  await keeper('remove', triggerId)
  expect(await keeper('list')).toEqual([])
  const again = (await keeper('add', triggerId)) as Made['hook']
  expect(again.key).not.toBe(made.hook.key)
  expect(await json('show', triggerId)).toMatchObject({ config: { key: { address: again.key } } })
})

test('an event trigger names its log, an agent is called over HTTP, and a sponsor takes its money back', async () => {
  const topics = `Transfer(address,address,uint256) any ${TARGET}`
  const event = (await json('create', '--event', TARGET, '--topics', topics)) as Made
  const padded = `0x${'00'.repeat(12)}${'aa'.repeat(20)}`
  expect(await json('show', event.triggerId)).toMatchObject({
    config: { topics: ['0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef', null, padded] },
    event: 'Transfer(address,address,uint256)',
  })

  const http = 'http://127.0.0.1:9999/tick'
  const { triggerId } = (await json('create', '--cron', '@daily', '--http', http, '--fund', '0.05')) as Made
  expect(await json('show', triggerId)).toMatchObject({ gasLimit: '0' })
  const { client, deployment } = chain
  const agent = chain.walletOf(2).account.address
  const { blockNumber, identityRegistry } = deployment
  const found = await AgentRegistration.find(client, {
    agent,
    fromBlock: BigInt(blockNumber),
    identityRegistry,
  })
  expect(AgentRegistration.endpointIn(AgentRegistration.fileIn(found?.uri ?? '') ?? '')).toBe(http)

  const { withdrawableAt } = (await json('withdraw', triggerId)) as { withdrawableAt: string }
  expect(await json('withdraw', triggerId)).toEqual({ triggerId, withdrawableAt })
  await chain.warp(601)
  expect(await json('withdraw', triggerId)).toMatchObject({ refund: '50000000000000000' })
})

test('a trigger is shown with the event and the gas price that it was given', async () => {
  const topics = 'Beat(uint256 indexed count, address)'
  const { triggerId } = (await json(
    'create',
    '--event',
    TARGET,
    '--topics',
    topics,
    '--fund',
    '0.01',
  )) as Made
  const { stdout } = await run(['trigger', 'show', triggerId], home.env)
  expect(stdout).toMatch(/^when +logs of 0xaAaA\w+ with Beat\(uint256,address\)$/m)
  expect(stdout).toMatch(/^gas price +up to 100 gwei, which the contract keeps as 99\.99220736$/m)

  const hash = toEventSelector('Unheard(uint256)')
  const other = (await json('create', '--event', TARGET, '--topics', hash)) as Made
  const unknown = await run(['trigger', 'show', other.triggerId], home.env)
  expect(unknown.stdout).toContain(`with ${hash}\n`)
})

test('who has an agent called with hashes is told that it gets no payloads', async () => {
  const http = ['--http', 'http://127.0.0.1:9999/tick']
  const { code, stderr } = await run(
    ['trigger', 'create', '--webhook', TARGET, '--payload-hash', ...http],
    home.env,
  )
  expect(code, stderr).toBe(0)
  expect(stderr).toContain('the agent is called with the 32 bytes of the hash, not with the payload')
  const whole = await run(['trigger', 'create', '--webhook', TARGET, ...http], home.env)
  expect(whole.stderr).not.toContain('the hash')
})

test('who names nobody to call, and is no contract, is told that runs will do nothing', async () => {
  const nobody = await run(['trigger', 'create', '--cron', '@daily'], home.env)
  expect(nobody.code, nobody.stderr).toBe(0)
  expect(nobody.stderr).toContain('where there is no contract now: its runs will do nothing but cost.')
  const somebody = await run(['trigger', 'create', '--cron', '@daily', '--target', TARGET], home.env)
  expect(somebody.stderr).not.toContain('no contract now')
})

test('calls that were given up are listed, made again and dropped, while the keeper may run', async () => {
  expect(await run(['keeper', 'dead-letters', 'list'], home.env)).toMatchObject({ code: 1 })
  const { client, deployment } = chain
  const dataDir = join(home.path, 'keeper')
  mkdirSync(dataDir, { recursive: true })
  const store = openSqliteStore(await storeFileOf(dataDir, { client, deployment }))
  for (const key of [1n, 2n]) {
    await store?.calls.add({ id: `7-${key}`, key, payload: '0x', triggerId: 7n })
    await store?.calls.end(`7-${key}`, { reason: 'HTTP 500', state: 'dead' })
  }
  const letters = (...args: string[]) => answer('keeper', 'dead-letters', ...args)
  expect(await letters('list')).toHaveLength(2)
  expect(await letters('list', '--limit', '1')).toMatchObject([
    { attempts: 0, reason: 'HTTP 500', triggerId: '7' },
  ])
  expect(await letters('replay', '7-1')).toEqual({ ids: ['7-1'] })
  expect(await store?.calls.get('7-1')).toMatchObject({ state: 'open' })
  expect(await letters('drop', 'all')).toEqual({ ids: ['7-2'] })
  expect(await letters('list')).toEqual([])
  const none = await run(['keeper', 'dead-letters', 'drop', '7-2'], home.env)
  expect(none.stderr).toContain('No call 7-2 was given up')
  await store?.close()
})

type Made = { triggerId: string; hook: { key: string; secret: string } }
const keeper = (...args: string[]) => answer('keeper', 'webhook', ...args)

test.each([
  [['add', '99'], 'There is no trigger 99'],
  [['add', '1'], 'Trigger 1 is a cron trigger; only webhook triggers take deliveries.'],
  [['add', '1', '--secret-file', '/none'], 'The secret cannot be read from /none.'],
  [['add', '1', '--secret-file', import.meta.filename], 'must hold a secret of Standard Webhooks'],
  [['remove', '7'], 'Trigger 7 has no hook here; `jeju-compute keeper webhook list` lists them.'],
])('refuses keeper webhook %j in one sentence', async (args, sentence) => {
  const { code, stderr } = await run(['keeper', 'webhook', ...args], home.env)
  expect(stderr).toContain(sentence)
  expect(stderr).not.toContain('    at ')
  expect(code).toBe(1)
})

test.each([
  [['create', '--cron', '* * * *'], 'it has 4 fields'],
  [['create', '--cron', '0 0 30 2 *'], 'The contract refused createTrigger: never due'],
  [['withdraw', '2'], 'is sponsored by nobody; only its sponsor takes the balance.'],
  [['show', '99'], 'There is no trigger 99; `jeju-compute trigger list --all` lists them.'],
  [['fund', '1', 'much'], 'The amount is an amount of ETH such as 0.25'],
])('refuses trigger %j in one sentence', async (args, sentence) => {
  const { code, stderr } = await run(['trigger', ...args], home.env)
  expect(stderr).toContain(sentence)
  expect(stderr).not.toContain('    at ')
  expect(code).toBe(1)
})

const json = (...args: string[]) => answer('trigger', ...args)

async function answer(...args: string[]): Promise<unknown> {
  const { code, stderr, stdout } = await run([...args, '--json'], home.env)
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout)
}
