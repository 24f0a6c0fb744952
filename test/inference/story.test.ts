import { askToClose, ComputeRegistryAbi, Inference } from '@jejunetwork/sdk'
import OpenAI from 'openai'
import { type PublicClient, parseEther } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLog } from '../../packages/node/src/log.ts'
import { startProxy } from '../../packages/node/src/proxy/proxy.ts'
import { costAt, MODEL, market, openPayer, PRICE, STORY } from './node.ts'

let shop: market.Market

beforeAll(async () => {
  shop = await market()
})
afterAll(() => shop?.close())

test('a streamed chat is paid by the token, to the wei, and the wallet is not asked again', async () => {
  const { chain, node } = shop
  const { deployment } = chain
  const payer = await setup({ user: 2 })
  const nonce = await chain.client.getTransactionCount({ address: payer.user })

  const { text, usage } = await streamed(payer.openai)
  expect(text).toContain('In a quiet land lived a big fox.')
  expect(usage.completion_tokens).toBeGreaterThan(100)
  expect(payer.payments.at(-1)).toBe(costAt(usage))
  // At most every 16 tokens or 100 ms; two windows may be on the way.
  expect(payer.payments.length).toBeGreaterThanOrEqual(Math.floor(usage.completion_tokens / 32))
  expect(payer.payments.length).toBeLessThanOrEqual(Math.ceil(usage.completion_tokens / 16) + 20)

  const before = await shop.earned()
  expect(await node.inference.settleNow()).toBe(costAt(usage))
  expect((await shop.earned()) - before).toBe(costAt(usage))
  const tokens = BigInt(usage.prompt_tokens + usage.completion_tokens)
  expect(await Inference.usageOf(chain.client, { account: payer.user, deployment })).toEqual({
    cost: costAt(usage),
    tokens,
  })
  expect(await chain.client.getTransactionCount({ address: payer.user })).toBe(nonce)
})

test('an answer in one piece is paid for as it is made', async () => {
  const payer = await setup({ user: 2 })
  const answer = await payer.openai.chat.completions.create(STORY)
  expect(answer.object).toBe('chat.completion')
  expect(answer.choices[0]?.message.content).toContain('quiet land')
  expect(answer.choices[0]?.finish_reason).toBe('stop')
  expect(payer.payments.at(-1)).toBe(costAt(answer.usage ?? fail()))
  expect(payer.payments.length).toBeGreaterThan(3)

  const plain = await payer.openai.completions.create({
    max_tokens: 5,
    model: MODEL,
    prompt: 'Once upon a time',
    seed: 1,
  })
  expect(plain.object).toBe('text_completion')
  expect(plain.usage?.completion_tokens).toBe(5)
  expect(plain.choices[0]?.finish_reason).toBe('length')
})

test('what is left comes back at once when the provider agrees, and can be withdrawn', async () => {
  const { chain, node, payee } = shop
  const { deployment } = chain
  const payer = await setup({ user: 3 })
  const { usage } = await streamed(payer.openai)

  const agreement = await askToClose({ payee, session: payer.session, settled: 0n, url: node.url })
  await expect(streamed(payer.openai)).rejects.toMatchObject({ code: 'channel_closing', status: 402 })
  const close = { ...agreement, deployment, provider: payee.provider, signer: payer.session.address }
  const { paid, refund } = await Inference.closeChannel(chain.walletOf(3), close)
  expect(paid).toBe(costAt(usage))
  expect(refund).toBe(parseEther('0.01') - costAt(usage))

  const balance = await chain.client.getBalance({ address: payer.user })
  await Inference.withdraw(chain.walletOf(3), { amount: refund, deployment })
  expect(await chain.client.getBalance({ address: payer.user })).toBeGreaterThan(balance)
  expect(await Inference.balanceOf(chain.client, { account: payer.user, deployment })).toBe(0n)

  await Inference.openChannel(chain.walletOf(3), {
    amount: 10n ** 15n,
    deployment,
    provider: payee.provider,
    session: payer.session,
  })
  const again = await streamed(payer.openai)
  expect(payer.payments.at(-1)).toBe(costAt(usage) + costAt(again.usage))
})

test('without the provider the rest comes back after the window, in which the provider settles', async () => {
  const { chain, node, payee } = shop
  const { deployment } = chain
  const payer = await setup({ user: 4 })
  const { usage } = await streamed(payer.openai)
  const close = { deployment, provider: payee.provider, signer: payer.session.address }
  await Inference.requestClose(chain.walletOf(4), close)
  await expect.poll(async () => (await payer.channel()).claimed, { timeout: 30_000 }).toBe(costAt(usage))
  await expect(streamed(payer.openai)).rejects.toMatchObject({ code: 'channel_closing', status: 402 })

  await chain.warp(3_601)
  const { refund } = await Inference.finalizeClose(chain.walletOf(4), close)
  expect(refund).toBe(parseEther('0.01') - costAt(usage))
  expect(await node.inference.settleNow()).toBe(0n)
})

test('a plain client pays through the proxy, which opens the channel itself', async () => {
  const { chain, node } = shop
  const { deployment } = chain
  const stop = new AbortController()
  await chain.walletOf(1).writeContract({
    abi: ComputeRegistryAbi,
    address: deployment.computeRegistry,
    args: [node.url],
    functionName: 'setEndpoint',
  })
  const session = privateKeyToAccount(generatePrivateKey())
  const proxy = await startProxy({
    client: chain.client as PublicClient,
    deployment,
    deposit: parseEther('0.000004'),
    log: createLog({ level: 'silent' }),
    port: 0,
    session,
    signal: stop.signal,
    wallet: chain.walletOf(5),
  })
  const openai = new OpenAI({ apiKey: 'sk-mine', baseURL: `${proxy.url}/v1`, maxRetries: 0 })

  expect((await openai.models.list()).data.map(({ id }) => id)).toEqual([MODEL])
  const { text, usage } = await streamed(openai)
  expect(text).toContain('quiet land')
  const whole = await openai.chat.completions.create(STORY)
  expect(whole.choices[0]?.message.content).toBe(text)
  await expect(openai.chat.completions.create({ ...STORY, model: 'gpt-9' })).rejects.toMatchObject({
    code: 'model_not_found',
    status: 404,
  })
  const foreign = await fetch(`${proxy.url}/v1/models`, { headers: { origin: 'https://evil.example' } })
  expect(foreign.status).toBe(403)

  const before = await shop.earned()
  const cost = costAt(usage) + costAt(whole.usage ?? fail())
  await node.inference.settleNow()
  expect((await shop.earned()) - before).toBe(cost)
  expect(await chain.client.getTransactionCount({ address: chain.walletOf(5).account.address })).toBe(1)

  // What the user agreed to put in is the most that can leave: an empty channel is not filled again unasked.
  const greedy = { ...STORY, messages: Array.from({ length: 40 }, () => STORY.messages[0] ?? fail()) }
  const spend = async () => {
    for (;;) await openai.chat.completions.create(greedy)
  }
  await expect(spend()).rejects.toMatchObject({ code: 'channel_exhausted', status: 402 })
  await node.inference.settleNow()
  await expect(openai.chat.completions.create(greedy)).rejects.toMatchObject({ status: 402 })
  expect(await chain.client.getTransactionCount({ address: chain.walletOf(5).account.address })).toBe(1)
  await proxy.close()
})

test('a rise of the price counts an hour later, for a client that knows the old one too', async () => {
  const { chain, node } = shop
  const payer = await setup({ user: 6 })
  const before = await streamed(payer.openai)
  const outputPrice = 2n * PRICE.outputPrice
  await Inference.setModel(chain.walletOf(1), {
    deployment: chain.deployment,
    inputPrice: PRICE.inputPrice,
    model: MODEL,
    outputPrice,
  })
  const same = await streamed(payer.openai)
  expect(payer.payments.at(-1)).toBe(costAt(before.usage) + costAt(same.usage))

  await chain.warp(3_601)
  const posted = async () => JSON.stringify(await payer.openai.models.retrieve(MODEL))
  await expect.poll(posted, { timeout: 30_000 }).toContain(`"output":"${outputPrice}"`)
  const { usage } = await streamed(payer.openai)
  const dearer = costAt(usage) + BigInt(usage.completion_tokens) * (PRICE.outputPrice / 1_000_000n)
  expect(payer.payments.at(-1)).toBe(costAt(before.usage) + costAt(same.usage) + dearer)
  expect(node.inference.stats()).toEqual({ running: 0, waiting: 0 })
})

async function setup({ user }: { user: number }) {
  const { chain, node, payee } = shop
  const payer = await openPayer(chain, { provider: payee.provider, url: node.url, user })
  return { ...payer, user: chain.walletOf(user).account.address }
}

async function streamed(openai: OpenAI) {
  const stream = await openai.chat.completions.create({
    ...STORY,
    stream: true,
    stream_options: { include_usage: true },
  })
  let text = ''
  let usage = { completion_tokens: 0, prompt_tokens: 0 }
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? ''
    if (chunk.usage) usage = chunk.usage
  }
  return { text, usage }
}

function fail(): never {
  throw new Error('Missing.')
}
