import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Address, concat, createPublicClient, type Hex, http, pad, toHex } from 'viem'
import { foundry } from 'viem/chains'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { accountOf, type Chain, startChain } from '../../../../../test/chain.ts'
import { countOf, createTrigger, deployCounter, executions } from '../../../../../test/keeper/market.ts'
import { serve } from '../../../../../test/serve.ts'
import { createLog } from '../../log.ts'
import { start } from '../keeper.ts'

const [KEEPER, RIVAL, EMITTING] = [4, 5, 8]
/** Logs each word of its calldata, as the only topic. */
const EMITTER: Hex = '0x5f5b8036111560145780355f5fa16020016001565b00'
const EMITTER_AT: Address = '0x00000000000000000000000000000000000e3117'
const WANTED = pad('0xa11ce', { size: 32 })
const OTHER = pad('0xb0b', { size: 32 })

let chain: Chain
let target: Address

beforeEach(async () => {
  chain = await startChain()
  await rpc('anvil_setCode', [EMITTER_AT, EMITTER])
  target = await deployCounter(chain)
}, 180_000)
const running: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((end) => end()))
  await chain?.close()
})

test('TRG-23: a log that a trigger waits for runs it once, wherever in its transaction and block it is', async () => {
  const triggerId = await createTrigger(chain, {
    emitter: EMITTER_AT,
    kind: 'event',
    target,
    topics: [WANTED],
  })
  const { said } = await keep()
  await keep({ index: RIVAL })
  await emit([OTHER, WANTED, WANTED])
  await ran(2)
  await emitTogether([[OTHER], [WANTED], [OTHER, WANTED]])
  await ran(4)
  await chain.warp(5)
  expect(await countOf(chain, target)).toBe(4)
  expect(foundIn(said()), 'told when they are found, and never again').toBe(4)
  const keys = (await executions(chain)).get(triggerId) ?? []
  expect(new Set(keys).size, 'each log once').toBe(4)
  expect(new Set(keys.map((key) => key & 0xffff_ffffn)), 'places in receipts').toEqual(new Set([0n, 1n, 2n]))
})

test('logs of while no keeper ran are found by the next one, and none that came before the trigger', async () => {
  await emit([WANTED])
  await createTrigger(chain, { emitter: EMITTER_AT, kind: 'event', target, topics: [WANTED] })
  await emit([WANTED])
  const dataDir = folder()
  const keeper = await keep({ dataDir })
  await ran(1)
  await keeper.close()
  await emit([WANTED])
  await emit([OTHER])
  await rpc('anvil_mine', [toHex(300), '0x0'])
  await emit([WANTED])
  await keep({ dataDir })
  await ran(3)
  await chain.warp(5)
  expect(await countOf(chain, target)).toBe(3)
})

test('what came too late to be proven, or for the trigger, is not tried again', async () => {
  const triggerId = await createTrigger(chain, { emitter: EMITTER_AT, kind: 'event', maxDelay: 600, target })
  await emit([WANTED])
  await chain.warp(900)
  await emit([OTHER])
  const { said } = await keep()
  await ran(1)
  expect((await executions(chain)).get(triggerId)).toHaveLength(1)
  expect(said()).not.toContain('"level":"error"')
})

test('a node that gives logs of few blocks, no receipts of blocks, and breaks in between is enough', async () => {
  const node = await openNode()
  await createTrigger(chain, { emitter: EMITTER_AT, kind: 'event', target, topics: [WANTED] })
  for (let n = 0; n < 3; n++) {
    await emit([WANTED, OTHER])
    await rpc('anvil_mine', [toHex(50), '0x0'])
  }
  const { said } = await keep({ url: node.url })
  await ran(3)
  expect(node.refused()).toContain('eth_getLogs')
  expect(node.refused()).toContain('eth_getBlockReceipts')
  expect(node.refused()).toContain('eth_simulateV1')
  node.breakFor(40)
  await emit([WANTED])
  await ran(4)
  expect(said()).toContain('a smaller one is asked for')
})

test('a log that a reorganisation moved runs on the chain that won, once', async () => {
  const triggerId = await createTrigger(chain, {
    emitter: EMITTER_AT,
    kind: 'event',
    target,
    topics: [WANTED],
  })
  await keep()
  await emit([WANTED])
  await ran(1)
  // Log and execution are undone together; then the log comes again, later and elsewhere.
  const head = await chain.client.getBlockNumber({ cacheTime: 0 })
  await rpc('anvil_reorg', [3, []])
  expect(await countOf(chain, target)).toBe(0)
  await emit([OTHER, WANTED])
  await ran(1)
  const keys = (await executions(chain)).get(triggerId) ?? []
  expect(keys).toHaveLength(1)
  expect((keys[0] ?? 0n) >> 64n).toBeGreaterThan(head)
})

test('an execution that a reorganisation undid, and not its log, runs again', async () => {
  const triggerId = await createTrigger(chain, {
    emitter: EMITTER_AT,
    kind: 'event',
    target,
    topics: [WANTED],
  })
  await emit([WANTED])
  await rpc('anvil_mine', [toHex(3), '0x0'])
  await keep()
  await ran(1)
  const before = (await executions(chain)).get(triggerId)
  await rpc('anvil_reorg', [1, []])
  await ran(1)
  await chain.warp(5)
  expect((await executions(chain)).get(triggerId)).toEqual(before)
})

async function keep(options: { index?: number; url?: string; dataDir?: string } = {}) {
  const { dataDir = folder(), index = KEEPER, url = chain.rpcUrl } = options
  const account = accountOf(index)
  const transport = http(url, { retryCount: 0 })
  const client = createPublicClient({ chain: foundry, pollingInterval: 50, transport })
  let said = ''
  const log = createLog({
    to: {
      write(line) {
        said += line
      },
    },
  })
  const stop = new AbortController()
  const { deployment } = chain
  const config = { dataDir, deployment, pollMs: 50, sessions: false, unpaid: false, webhooks: undefined }
  const keeper = await start(config, { account, client, log, signal: stop.signal })
  running.push(() => keeper.close())
  return { ...keeper, said: () => said }
}

/** How many logs a keeper said that it found. */
function foundIn(said: string): number {
  const lines = said.split('\n').filter((line) => line.includes('"msg":"logs found"'))
  return lines.reduce((sum, line) => sum + (JSON.parse(line) as { count: number }).count, 0)
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'jeju-events-'))
  onTestFinished(() => rmSync(made, { force: true, recursive: true }))
  return made
}

const ran = (times: number) =>
  expect.poll(() => countOf(chain, target), { interval: 50, timeout: 20_000 }).toBe(times)

async function emit(topics: readonly Hex[]): Promise<void> {
  const hash = await chain.walletOf(EMITTING).sendTransaction({ data: concat(topics), to: EMITTER_AT })
  await chain.client.waitForTransactionReceipt({ hash })
}

/** One block of several transactions. */
async function emitTogether(transactions: readonly (readonly Hex[])[]): Promise<void> {
  await rpc('evm_setAutomine', [false])
  const wallet = chain.walletOf(EMITTING)
  const first = await chain.client.getTransactionCount({ address: wallet.account.address })
  for (const [at, topics] of transactions.entries())
    await wallet.sendTransaction({
      data: concat([...topics]),
      gas: 100_000n,
      nonce: first + at,
      to: EMITTER_AT,
    })
  await rpc('evm_mine', [])
  await rpc('evm_setAutomine', [true])
}

const rpc = (method: string, params: unknown[]) => chain.client.request({ method, params } as never)

/** A node of a poor provider, in front of the chain. */
async function openNode() {
  const refused: string[] = []
  let broken = 0
  const { close, url } = await serve(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    const { id, method, params } = JSON.parse(body)
    response.setHeader('content-type', 'application/json')
    const refuse = (message: string) => {
      refused.push(method)
      response.end(JSON.stringify({ error: { code: -32_602, message }, id, jsonrpc: '2.0' }))
    }
    if (broken > 0) {
      broken--
      response.destroy()
    } else if (['eth_getBlockReceipts', 'eth_simulateV1'].includes(method))
      refuse('the method does not exist/is not available')
    else if (method === 'eth_getLogs' && Number(params[0].toBlock) - Number(params[0].fromBlock) > 20)
      refuse('block range is too large')
    else {
      const headers = { 'content-type': 'application/json' }
      response.end(await (await fetch(chain.rpcUrl, { body, headers, method: 'POST' })).text())
    }
  })
  running.push(close)
  return {
    breakFor(requests: number) {
      broken = requests
    },
    refused: () => refused,
    url,
  }
}
