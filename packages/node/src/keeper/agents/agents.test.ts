import { mkdtempSync, rmSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AgentCall, AgentRegistration, Trigger, type TriggerConfig, TriggerInput } from '@jejunetwork/sdk'
import { keccak256, toHex } from 'viem'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { accountOf, type Chain, startChain } from '../../../../../test/chain.ts'
import { createTrigger } from '../../../../../test/keeper/market.ts'
import { serve } from '../../../../../test/serve.ts'
import { createLog } from '../../log.ts'
import { type Keeper, start } from '../keeper.ts'
import type { Store } from '../store/Store.ts'
import { openSqliteStore } from '../store/sqlite.ts'

const [AGENT, KEEPER, SIGNER] = [2, 4, 6]

let chain: Chain
let folder: string
let agent: Agent
let keeper: Keeper | undefined

beforeEach(async () => {
  chain = await startChain()
  folder = mkdtempSync(join(tmpdir(), 'jeju-agents-'))
  agent = await openAgent()
}, 180_000)
afterEach(async () => {
  await keeper?.close()
  keeper = undefined
  agent.close()
  await chain.close()
  rmSync(folder, { force: true, recursive: true })
})

test('a tick without a call on chain calls the agent, signed, and the chain bears it out', async () => {
  const triggerId = await create({ expression: '* * * * *', gasLimit: 0, kind: 'cron' })
  await keep()
  await chain.warp(60)
  const heard = await agent.hears(1)
  const [run] = await runsOf(triggerId)
  const call = await verify(heard[0])
  const { address } = chain.walletOf(AGENT).account
  expect(call).toMatchObject({
    agent: address,
    kind: 'cron',
    payload: '0x',
    transaction: run?.hash,
    triggerId,
  })
  expect(call.key).toBe(run?.key)
  expect(call.keeper).toBe(run?.executor)
  expect(heard[0]?.headers['idempotency-key']).toBe(AgentCall.idOf(call))
})

test('a call is made once, and a keeper killed before it makes it in its next life', async () => {
  const triggerId = await create({ expression: '* * * * *', gasLimit: 0, kind: 'cron', policy: 'backfill' })
  await keep()
  await chain.warp(60)
  await agent.hears(1)
  await keeper?.close()
  // As after a kill between the execution and what was to be remembered of it: all is lost but the chain.
  rmSync(join(folder, 'keeper'), { recursive: true })
  agent.forget()
  await keep()
  await agent.hears(1)
  await chain.warp(60)
  await agent.hears(2)
  const [first, second] = await runsOf(triggerId)
  const keys = await Promise.all(agent.heard().map(async (one) => (await verify(one)).key))
  expect(keys).toEqual([first?.key, second?.key])
})

test.each(['full', 'hash'] as const)(
  'of a delivery what went on chain reaches the agent: %s',
  async (mode) => {
    const account = accountOf(SIGNER)
    const { client, deployment } = chain
    const key = { address: account.address, type: 'secp256k1' } as const
    const triggerId = await create({ gasLimit: 0, key, kind: 'webhook', payload: mode })
    await keep()
    const { timestamp } = await client.getBlock()
    const delivery = { nonce: 7n, payload: toHex('{"price": 1}'), timestamp, triggerId }
    const signature = await TriggerInput.signDelivery(account, { ...delivery, deployment })
    const headers = { 'jeju-nonce': '7', 'jeju-signature': signature, 'jeju-timestamp': `${timestamp}` }
    const url = `${keeper?.url}/v1/triggers/${triggerId}/deliveries`
    expect((await fetch(url, { body: '{"price": 1}', headers, method: 'POST' })).status).toBe(202)
    const [heard] = await agent.hears(1)
    expect(await verify(heard)).toMatchObject({
      key: 7n,
      kind: 'webhook',
      payload: mode === 'hash' ? keccak256(delivery.payload) : delivery.payload,
      triggerId,
    })
  },
)

test('an agent that is down is called again, with the same name, and not before it asked for', async () => {
  // Else a minute might begin meanwhile, and bring a call of its own.
  await chain.nextMinute()
  await create({ expression: '* * * * *', gasLimit: 0, kind: 'cron' })
  agent.answers((response, attempt) => {
    if (attempt === 1) response.writeHead(500).end()
    else if (attempt === 2) response.writeHead(503, { 'retry-after': '3' }).end()
    else response.end('ok')
  })
  await keep()
  await chain.nextMinute()
  const heard = await agent.hears(3, 20_000)
  expect(new Set(heard.map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
  expect((heard[2]?.at ?? 0) - (heard[1]?.at ?? 0)).toBeGreaterThanOrEqual(3_000)
  for (const one of heard) await verify(one)
})

test('what is given up lies with its reason, and can be had again', async () => {
  const triggerId = await create({ expression: '* * * * *', gasLimit: 0, kind: 'cron', maxDelay: 60 })
  agent.answers((response, attempt) => {
    response
      .writeHead(attempt === 1 ? 302 : 410, {
        location: 'http://127.0.0.1/',
        'retry-after': attempt === 1 ? '61' : '',
      })
      .end()
  })
  await keep()
  await chain.warp(60)
  await agent.hears(1)
  const dead = async () => withStore((store) => store.calls.dead({ most: 10 }))
  await expect
    .poll(dead)
    .toMatchObject([{ reason: 'HTTP 302, a redirect, which is not followed', triggerId }])
  const [{ id = '' } = {}] = await dead()
  await withStore((store) => store.calls.replay(id))
  await agent.hears(2)
  await expect.poll(dead).toMatchObject([{ id, reason: 'HTTP 410' }])
})

test('an agent on this machine is not called without leave', async () => {
  const triggerId = await create({ expression: '* * * * *', gasLimit: 0, kind: 'cron' })
  const said = await keep({ loopback: false })
  await chain.warp(60)
  await expect.poll(() => said.join('')).toContain('is no public address')
  expect(await runsOf(triggerId)).toHaveLength(1)
  expect(agent.heard()).toEqual([])
})

async function create(config: TriggerConfig.Config): Promise<bigint> {
  const wallet = chain.walletOf(AGENT)
  const { blockNumber, identityRegistry } = chain.deployment
  await AgentRegistration.announce(wallet, {
    endpoint: agent.url,
    fromBlock: BigInt(blockNumber),
    identityRegistry,
  })
  return createTrigger(chain, config, { sponsor: AGENT })
}

const runsOf = (triggerId: bigint) => Trigger.runs(chain.client, { deployment: chain.deployment, triggerId })

async function verify(heard: Heard | undefined): Promise<AgentCall.verify.Result> {
  if (heard === undefined) throw new Error('Nothing was heard.')
  const { client, deployment } = chain
  return AgentCall.verify(heard, { agent: chain.walletOf(AGENT).account.address, client, deployment })
}

async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const { hash } = await chain.client.getBlock({ blockNumber: 0n })
  const store = openSqliteStore(join(folder, `keeper/keeper-31337-${hash.slice(2, 10)}.sqlite`), {
    shared: true,
  })
  if (store === undefined) throw new Error('The store is held.')
  return work(store).finally(() => store.close())
}

type Heard = { headers: IncomingMessage['headers']; body: string; at: number }
type Agent = Awaited<ReturnType<typeof openAgent>>

/** An agent's HTTP server, which hears and answers. */
async function openAgent() {
  let all: Heard[] = []
  let answer = (response: ServerResponse, _attempt: number) => void response.end('ok')
  const { close, url } = await serve(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    all.push({ at: Date.now(), body, headers: request.headers })
    answer(response, all.length)
  })
  return {
    answers: (how: typeof answer) => {
      answer = how
    },
    close,
    forget: () => {
      all = []
    },
    heard: (): readonly Heard[] => all,
    async hears(count: number, timeout = 10_000): Promise<readonly Heard[]> {
      await expect.poll(() => all.length, { timeout }).toBe(count)
      return all
    },
    url: `${url}/tick`,
  }
}

async function keep({ loopback = true } = {}): Promise<string[]> {
  const account = accountOf(KEEPER)
  const { client, deployment } = chain
  const said: string[] = []
  const config = {
    localAgents: loopback,
    dataDir: join(folder, 'keeper'),
    deployment,
    pollMs: 50,
    sessions: false,
    unpaid: false,
    webhooks: { hooksFile: join(folder, 'webhooks.json'), host: '127.0.0.1', port: 0 },
  }
  const log = createLog({ to: { write: (line) => void said.push(line) } })
  keeper = await start(config, { account, client, log, signal: new AbortController().signal })
  return said
}
