import { Trigger, TriggerInput } from '@jejunetwork/sdk'
import { type Hash, type Hex, keccak256, toHex } from 'viem'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { accountOf, type Chain, startChain } from '../chain.ts'
import { createHome, type Home, launch, type Running, until } from '../jejuCompute.ts'
import { serve } from '../serve.ts'
import { AGENT, countOf, createTrigger, deployCounter } from './market.ts'

const KEEPER = 3
const TRIGGERS = 3

let chain: Chain
let front: Front
let home: Home
let keeper: Running | undefined

beforeEach(async () => {
  chain = await startChain()
  front = await openFront(chain.rpcUrl)
  home = createHome({ deployment: chain.deployment, rpcUrl: front.url })
})

afterEach(async () => {
  await keeper?.end('SIGKILL')
  await front?.close()
  await chain?.close()
  home?.remove()
})

test.each(['before', 'after'] as const)(
  'killed %s it broadcast, the next life sends the same bytes',
  async (when) => {
    const target = await deployCounter(chain)
    // From the start of a minute on, all ticks of a round fall due together.
    const { timestamp } = await chain.client.getBlock()
    await chain.warp(61 - Number(timestamp % 60n))
    const ids: bigint[] = []
    // Each tick must run: what a crash loses would be seen.
    const config = { expression: '* * * * *', kind: 'cron', policy: 'backfill', target } as const
    for (let n = 0; n < TRIGGERS; n++) ids.push(await createTrigger(chain, config, { sponsor: AGENT }))
    const address = chain.walletOf(KEEPER).account.address
    const caught: Hash[] = []

    keeper = await startKeeper()
    for (const round of [1, 2, 3]) {
      const life = keeper
      const killed = front.catchNext(when, () => life.end('SIGKILL'))
      await chain.warp(60)
      caught.push((await killed).hash)
      // One pass may see the minute come for some of them only: then the rest is another transaction.
      const ran = async () => (await countOf(chain, target)) - TRIGGERS * (round - 1)
      if (when === 'before') expect(await ran()).toBe(0)
      else await until('What was broadcast', async () => (await ran()) > 0)

      keeper = await startKeeper()
      await until('The executions', async () => (await countOf(chain, target)) >= TRIGGERS * round)
    }
    const hashes = new Set<Hash>()
    for (const triggerId of ids) {
      const runs = await Trigger.runs(chain.client, { deployment: chain.deployment, triggerId })
      const keys = runs.map(({ key }) => key)
      expect(keys).toEqual([0n, 60n, 120n].map((seconds) => (keys[0] ?? 0n) + seconds))
      for (const { hash } of runs) hashes.add(hash)
    }
    expect([...hashes], 'what a life signed, the next one sent').toEqual(expect.arrayContaining(caught))
    const [mined, pending] = await Promise.all(
      (['latest', 'pending'] as const).map((blockTag) =>
        chain.client.getTransactionCount({ address, blockTag }),
      ),
    )
    expect(pending, 'no transaction hangs behind a gap').toBe(mined)
    expect(await countOf(chain, target)).toBe(TRIGGERS * 3)
  },
)

test('a delivery that was answered 202 survives the kill that follows, and runs once', async () => {
  const target = await deployCounter(chain)
  const signer = accountOf(6)
  const { deployment } = chain
  const triggerId = await createTrigger(
    chain,
    {
      key: { address: signer.address, type: 'secp256k1' },
      kind: 'webhook',
      target,
    },
    { sponsor: AGENT },
  )
  keeper = await startKeeper(['--webhook-port', '0'])
  const life = keeper
  const [, url = ''] = await life.says(/taken at (http:\/\/[\d.:]+)\/v1/)

  const killed = front.catchNext('before', () => life.end('SIGKILL'))
  const { timestamp } = await chain.client.getBlock()
  const delivery = { nonce: 1n, payload: toHex('hello'), timestamp, triggerId }
  const signature = await TriggerInput.signDelivery(signer, { ...delivery, deployment })
  const headers = { 'jeju-nonce': '1', 'jeju-signature': signature, 'jeju-timestamp': `${timestamp}` }
  const answer = await fetch(`${url}/v1/triggers/${triggerId}/deliveries`, {
    body: 'hello',
    headers,
    method: 'POST',
  })
  expect(answer.status).toBe(202)
  await killed
  expect(await countOf(chain, target)).toBe(0)

  keeper = await startKeeper()
  await until('The execution', async () => (await countOf(chain, target)) === 1)
  expect(await Trigger.runs(chain.client, { deployment, triggerId })).toMatchObject([
    { key: 1n, success: true },
  ])
})

test('a second keeper in the same folder is refused', async () => {
  keeper = await startKeeper()
  const second = launch(['keeper', 'start', '--no-webhooks'], home.env)
  expect(await second.exited).toBe(1)
  expect(second.said()).toContain('Another keeper works in')
})

async function startKeeper(webhooks: readonly string[] = ['--no-webhooks']): Promise<Running> {
  const running = launch(['keeper', 'start', '--log-json', ...webhooks], home.env)
  await running.says(/Keeper 0x\w+ runs/)
  return running
}

type Front = Awaited<ReturnType<typeof openFront>>

/** Stands between a keeper and its chain, and sees each transaction before the chain does. */
async function openFront(rpcUrl: string) {
  let trap: ((raw: Hex, pass: () => Promise<unknown>) => Promise<void>) | undefined
  const caught = new Set<string>()
  const { close, url } = await serve(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    const headers = { 'content-type': 'application/json' }
    const pass = async () => (await fetch(rpcUrl, { body, headers, method: 'POST' })).text()
    const raw = /"eth_sendRawTransaction","params":\["(0x[0-9a-f]+)"\]/.exec(body)?.[1]
    // What was caught once is sent again by the next life: that is no new transaction.
    if (raw !== undefined && trap !== undefined && !caught.has(raw)) {
      caught.add(raw)
      const sprung = trap
      trap = undefined
      await sprung(raw as Hex, pass)
      response.destroy()
      return
    }
    response.setHeader('content-type', 'application/json').end(await pass())
  })
  return {
    /** Kills at the next transaction, before or after it reached the chain. */
    catchNext(when: 'before' | 'after', kill: () => Promise<unknown>): Promise<{ hash: Hash }> {
      const { promise, resolve } = Promise.withResolvers<{ hash: Hash }>()
      trap = async (raw, pass) => {
        if (when === 'after') await pass()
        await kill()
        resolve({ hash: keccak256(raw) })
      }
      return promise
    },
    close,
    url,
  }
}
