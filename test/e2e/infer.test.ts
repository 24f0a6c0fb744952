import { InferenceServingAbi } from '@jejunetwork/contracts'
import OpenAI from 'openai'
import { parseEther } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chain, keyOf, startChain } from '../chain.ts'
import { createHome, freePorts, type Home, launch, type Running, run, until } from '../jejuCompute.ts'

const MODEL = 'jeju-demo-36m'
const PROVIDER = 1
const USER = 2
// Per token, in wei, as the node posts them by default.
const [INPUT, OUTPUT] = [parseEther('0.001') / 1_000_000n, parseEther('0.002') / 1_000_000n]

let chain: Chain
let home: Home
let node: Running
let proxy: Running
let openai: OpenAI
let nodePort: number
/** What the OpenAI client was told that it used, in all. */
const used = { completion: 0n, prompt: 0n }

beforeAll(async () => {
  chain = await startChain()
  home = createHome(chain)
  const [http = 0, proxyPort = 0] = await freePorts(2)
  nodePort = http
  node = await startNode()
  proxy = launch(['proxy', '--port', String(proxyPort)], home.env)
  await proxy.says(/set the base URL to/)
  openai = new OpenAI({ apiKey: 'none', baseURL: `http://127.0.0.1:${proxyPort}/v1`, maxRetries: 0 })
})

afterAll(async () => {
  await proxy?.end()
  await node?.end()
  await chain?.close()
  home?.remove()
})

test('without payment: 402, and what to do', async () => {
  const plain = new OpenAI({ apiKey: 'none', baseURL: `http://127.0.0.1:${nodePort}/v1`, maxRetries: 0 })
  const refused = plain.chat.completions.create({ messages: [{ content: 'Hi', role: 'user' }], model: MODEL })
  await expect(refused).rejects.toMatchObject({ code: 'payment_required', status: 402 })
})

test('streams an answer, for which the wallet is asked once', async () => {
  const transactions = () => chain.client.getTransactionCount({ address: address(USER) })
  const before = await transactions()
  const text = await ask('Tell me a story about a small bird.')
  expect(text.length).toBeGreaterThan(40)
  expect((await transactions()) - before, 'deposit, session key and channel in one').toBe(1)

  await ask('Hello')
  expect((await transactions()) - before, 'then nothing').toBe(1)
})

test('goes on when the node was killed in the middle of an answer and started again', async () => {
  const stream = await openai.chat.completions.create({
    messages: [{ content: 'Tell me a long story.', role: 'user' }],
    model: MODEL,
    stream: true,
  })
  const pieces = stream[Symbol.asyncIterator]()
  await pieces.next()
  await pieces.next()
  await node.end('SIGKILL')
  await expect(drain(pieces)).rejects.toThrow()

  node = await startNode()
  expect((await ask('Hello again')).length).toBeGreaterThan(3)
})

test('a prompt longer than the context is refused, and costs nothing', async () => {
  const messages = [{ content: 'word '.repeat(6_000), role: 'user' as const }]
  const refused = openai.chat.completions.create({ messages, model: MODEL })
  await expect(refused).rejects.toMatchObject({ code: 'context_length_exceeded', status: 400 })
})

test('on chain the provider has tokens times price, and the user the rest', async () => {
  const usageOf = () =>
    chain.client.readContract({
      abi: InferenceServingAbi,
      address: chain.deployment.inferenceServing,
      args: [address(USER)],
      functionName: 'getUsage',
    })
  const price = used.prompt * INPUT + used.completion * OUTPUT
  const [tokens, cost] = await until('The settlement', async () => {
    const usage = await usageOf()
    return usage[1] >= price && usage
  })
  // The answer that was cut off was paid as far as it had arrived: its tokens are on no bill of the client's.
  const cutOff = { cost: cost - price, tokens: tokens - used.prompt - used.completion }
  expect(cutOff.tokens, 'tokens of the answer cut off').toBeLessThan(100n)
  expect(cutOff.cost).toBeLessThanOrEqual(cutOff.tokens * OUTPUT)
  expect(await balance(PROVIDER), 'earned').toBe(cost)

  await proxy.end()
  const closed = JSON.parse((await run(['ledger', 'close', '1', '--json'], home.env)).stdout)
  const left = await balance(USER)
  expect(left).toBe(BigInt(closed.refund))
  expect(left + (await balance(PROVIDER)), 'the whole deposit').toBe(parseEther('0.01'))
  const withdrawn = await run(['ledger', 'withdraw', '--inference', ether(left)], home.env)
  expect(withdrawn).toMatchObject({ code: 0 })
  expect(await balance(USER)).toBe(0n)
})

test('chat says in one sentence that the wallet is empty, or that the answer costs more than allowed', async () => {
  const poor = { ...home.env, JEJU_PRIVATE_KEY: `0x${'7'.padStart(64, '0')}` }
  expect(await run(['chat', 'Hi'], poor)).toEqual({
    code: 1,
    stderr: expect.stringMatching(
      /^Paying from .*\nThe wallet 0x\w+ holds too little to pay for .*; send it more\.\n$/,
    ),
    stdout: '',
  })
  expect(await run(['chat', 'Hi', '--max-per-request', '0.000000000001'], home.env)).toMatchObject({
    code: 75,
    stderr: expect.stringMatching(
      /^Paying from .*\nThe provider asks for \d+ wei; at most 1000000 is right\. .*\n$/,
    ),
  })
})

async function startNode(): Promise<Running> {
  const env = {
    ...home.env,
    JEJU_PRIVATE_KEY: keyOf(PROVIDER),
    JEJU_RUNTIME: 'process',
  }
  const args = ['provider', 'start', '--port', String(nodePort), '--ssh-port', '0']
  const started = launch(args, env)
  await started.says(/Provider \d+ serves at/, 120_000)
  return started
}

/** A streamed chat completion; what it used is added up. */
async function ask(content: string): Promise<string> {
  const stream = await openai.chat.completions.create({
    max_tokens: 60,
    messages: [{ content, role: 'user' }],
    model: MODEL,
    stream: true,
    stream_options: { include_usage: true },
  })
  let text = ''
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? ''
    used.prompt += BigInt(chunk.usage?.prompt_tokens ?? 0)
    used.completion += BigInt(chunk.usage?.completion_tokens ?? 0)
  }
  return text
}

async function drain(pieces: AsyncIterator<unknown>): Promise<void> {
  while (!(await pieces.next()).done);
}

const address = (index: number) => chain.walletOf(index).account.address
const balance = (index: number) =>
  chain.client.readContract({
    abi: InferenceServingAbi,
    address: chain.deployment.inferenceServing,
    args: [address(index)],
    functionName: 'getBalance',
  })
const ether = (wei: bigint) => `${wei / 10n ** 18n}.${String(wei % 10n ** 18n).padStart(18, '0')}`
