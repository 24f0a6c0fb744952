import { channelState, payingFetch, Voucher } from '@jejunetwork/sdk'
import type { Address } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeOf, costAt, market, openPayer, PRICE, postSigned, STORY } from './node.ts'

const CREDIT = (32n * PRICE.outputPrice) / 1_000_000n
const LONG = {
  ...STORY,
  messages: [{ content: `${'red blue green '.repeat(60)}. Tell me a short story.`, role: 'user' as const }],
}

let shop: market.Market

beforeAll(async () => {
  shop = await market({ patienceMs: 2_500 })
})
afterAll(() => shop?.close())

test('who does not pay gets one credit of text, once, and then nothing', async () => {
  const { node, payee } = shop
  const { session, openai } = await setup()
  const answer = await postSigned(node.url, { json: { ...STORY, stream: true }, payee, session })
  expect(answer.status).toBe(200)
  const events = (await answer.text()).split('\n')

  const notes = events.filter((line) => line.startsWith(': jeju ')).map((line) => JSON.parse(line.slice(7)))
  const last = notes.at(-1)
  const cost = costAt({ completion_tokens: last.output, prompt_tokens: last.input })
  expect(BigInt(last.asked)).toBe(cost)
  expect(cost).toBeLessThanOrEqual(CREDIT)
  expect(cost).toBeGreaterThan(CREDIT - PRICE.outputPrice / 1_000_000n)
  expect(events.find((line) => line.includes('"error"'))).toContain('payment_timeout')
  expect(node.inference.stats()).toEqual({ running: 0, waiting: 0 })

  const again = await postSigned(node.url, { json: STORY, payee, session })
  expect([again.status, await codeOf(again)]).toEqual([402, 'payment_due'])

  // A client that pays accepts a debt of at most one credit, and goes on.
  const whole = await openai.chat.completions.create(STORY)
  expect((await stateOf(session.address)).voucher).not.toBeNull()
  expect(await paidOn(session.address)).toBe(cost + costAt(whole.usage ?? fail()))
})

test('a prompt above the credit is paid before it is read', async () => {
  const { node, payee } = shop
  const payer = await setup()
  const answer = await postSigned(node.url, {
    json: { ...LONG, stream: true },
    payee,
    session: payer.session,
  })
  // Who has not paid waits outside: no place is taken.
  expect(node.inference.stats()).toEqual({ running: 0, waiting: 1 })
  const text = await answer.text()
  expect(text).toContain(': jeju {')
  expect(text).not.toContain('"delta":{"content":"' + 'I')
  expect(text).toContain('payment_timeout')
  expect((await stateOf(payer.session.address)).asked).toBe('0')

  const whole = await payer.openai.chat.completions.create({ ...LONG, max_tokens: 20 })
  expect(costAt({ completion_tokens: 0, prompt_tokens: whole.usage?.prompt_tokens ?? 0 })).toBeGreaterThan(
    CREDIT,
  )
  expect(await paidOn(payer.session.address)).toBe(costAt(whole.usage ?? fail()))
})

test('many requests at once share one credit and one account, exactly', async () => {
  const { node } = shop
  const payer = await setup()
  let most = 0n
  const watch = setInterval(async () => {
    const { asked, voucher } = await stateOf(payer.session.address)
    const paid = voucher === null ? 0n : Voucher.tallyOf(voucher).cumulative
    if (BigInt(asked) - paid > most) most = BigInt(asked) - paid
  }, 5)
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, seed) =>
      payer.openai.chat.completions.create({ ...STORY, max_tokens: 60, seed, temperature: 0.8 }),
    ),
  )
  clearInterval(watch)

  const cost = answers.reduce((sum, { usage }) => sum + costAt(usage ?? fail()), 0n)
  expect(await paidOn(payer.session.address)).toBe(cost)
  expect(most).toBeLessThanOrEqual(CREDIT)
  expect(new Set(answers.map(({ choices }) => choices[0]?.message.content)).size).toBeGreaterThan(1)
  const before = await shop.earned()
  await node.inference.settleNow()
  expect((await payer.channel()).claimed).toBe(cost)
  expect(await shop.earned()).toBeGreaterThanOrEqual(before + cost)
})

test('two processes with the same key do not swallow each other', async () => {
  const { chain, node, payee } = shop
  const payer = await setup()
  const other = payingFetch(chain.client as never, {
    deployment: chain.deployment,
    provider: payee.provider,
    session: payer.session,
  })
  const body = JSON.stringify({ ...STORY, max_tokens: 80 })
  const ask = async (fetch: typeof globalThis.fetch) => {
    const answer = await fetch(`${node.url}/v1/chat/completions`, { body, method: 'POST' })
    expect(answer.status, await answer.clone().text()).toBe(200)
    return ((await answer.json()) as { usage: Usage }).usage
  }
  const usages = await Promise.all([ask(payer.fetch), ask(other), ask(payer.fetch), ask(other)])
  expect(await paidOn(payer.session.address)).toBe(usages.reduce((sum, usage) => sum + costAt(usage), 0n))
})

test('a client that leaves stops the work and pays for what it has', async () => {
  const { node } = shop
  const payer = await setup()
  const stream = await payer.openai.chat.completions.create({ ...STORY, stream: true })
  let pieces = 0
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content) pieces++
    if (pieces === 20) break
  }
  await expect.poll(() => node.inference.stats().running).toBe(0)
  const { asked } = await stateOf(payer.session.address)
  expect(BigInt(asked)).toBeLessThan(60n * (PRICE.outputPrice / 1_000_000n))

  // What was on the way when it left is paid before the next answer, and that is all.
  const whole = await payer.openai.chat.completions.create(STORY)
  expect(await paidOn(payer.session.address)).toBe(BigInt(asked) + costAt(whole.usage ?? fail()))
})

test('the same request again is answered again and paid once', async () => {
  const payer = await setup()
  const headers = { 'idempotency-key': 'order-66' }
  const request = { ...STORY, max_tokens: 50, temperature: 1 }
  const first = await payer.openai.chat.completions.create(request, { headers })
  const paid = await paidOn(payer.session.address)
  const second = await payer.openai.chat.completions.create(request, { headers })
  expect(second.choices[0]?.message.content).toBe(first.choices[0]?.message.content)
  expect(await paidOn(payer.session.address)).toBe(paid)
  expect(paid).toBe(costAt(first.usage ?? fail()))

  const other = payer.openai.chat.completions.create({ ...request, max_tokens: 51 }, { headers })
  await expect(other).rejects.toMatchObject({ code: 'idempotency_key_reused', status: 400 })
})

test('a retry is free, so there is an end to retries', async () => {
  const { node, payee } = shop
  const { session } = await setup()
  const id = `0x${'5'.repeat(64)}` as const
  const ask = () =>
    postSigned(node.url, { id, json: { ...STORY, max_tokens: 3, stream: true }, payee, session })
  for (let round = 0; round < 6; round++) {
    const answer = await ask()
    expect(await answer.text()).toContain('[DONE]')
    await channelPaid(session)
  }
  const again = await ask()
  expect([again.status, await codeOf(again)]).toEqual([400, 'too_many_retries'])
})

test('a wei now and then buys no patience', async () => {
  const { node, payee } = shop
  const { session } = await setup()
  const answer = await postSigned(node.url, { json: { ...STORY, stream: true }, payee, session })
  let paid = 0n
  const drip = setInterval(() => void payWei(session, ++paid), 500)
  const start = Date.now()
  expect(await answer.text()).toContain('payment_timeout')
  clearInterval(drip)
  expect(Date.now() - start).toBeLessThan(8_000)
  expect(paid).toBeGreaterThan(2n)
})

test('who comes when all places are taken is told when to come again', async () => {
  const payer = await setup()
  const json = { ...STORY, stream: true }
  const { node, payee } = shop
  const answers = await Promise.all(
    Array.from({ length: 24 }, () => postSigned(node.url, { json, payee, session: payer.session })),
  )
  const refused = answers.filter(({ status }) => status === 429)
  expect(refused).toHaveLength(4)
  expect(refused[0]?.headers.get('retry-after')).toBe('1')
  await Promise.all(answers.map((answer) => answer.body?.cancel()))
  await expect.poll(() => node.inference.stats()).toEqual({ running: 0, waiting: 0 })
})

async function setup() {
  const { chain, node, payee } = shop
  return openPayer(chain, { provider: payee.provider, url: node.url, user: 2 })
}

/** Hands over a voucher for all that is asked for. */
async function channelPaid(session: Voucher.SessionKey): Promise<void> {
  await payWei(session, BigInt((await stateOf(session.address)).asked))
}

async function payWei(session: Voucher.SessionKey, cumulative: bigint): Promise<void> {
  const { payee, node } = shop
  const packed = await Voucher.sign(session, { payee, tally: { cumulative, epoch: 0, tokens: cumulative } })
  const voucher = { base: cumulative, packed }
  await channelState({ fetch, payee, signer: session.address, url: node.url, voucher })
}

type Usage = { prompt_tokens: number; completion_tokens: number }

function stateOf(signer: Address) {
  return channelState({ fetch, payee: shop.payee, signer, url: shop.node.url })
}

async function paidOn(signer: Address): Promise<bigint> {
  const { voucher } = await stateOf(signer)
  return voucher === null ? 0n : Voucher.tallyOf(voucher).cumulative
}

function fail(): never {
  throw new Error('Missing.')
}
