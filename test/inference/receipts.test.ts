import { type payingFetch, Receipt } from '@jejunetwork/sdk'
import type { PublicClient } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MODEL, market, openPayer, PRICE, STORY } from './node.ts'

type Got = Parameters<NonNullable<payingFetch.Options['onReceipt']>>[0]

let shop: market.Market

beforeAll(async () => {
  shop = await market()
})
afterAll(() => shop?.close())

test('each paid answer comes with a receipt that chain and payer agree on', async () => {
  const receipts: Got[] = []
  const { openai, session } = await openPayer(shop.chain, {
    paying: { onReceipt: (receipt) => receipts.push(receipt) },
    provider: shop.payee.provider,
    url: shop.node.url,
    user: 2,
  })
  const { choices, usage } = await openai.chat.completions.create({ ...STORY, max_tokens: 20 })
  let streamed = ''
  const stream = await openai.chat.completions.create({ ...STORY, max_tokens: 20, stream: true })
  for await (const { choices } of stream) streamed += choices[0]?.delta.content ?? ''

  const [whole, pieces] = receipts
  if (whole === undefined || pieces === undefined) throw new Error('A receipt is missing.')
  const client = shop.chain.client as PublicClient
  expect(whole.receipt).toMatchObject({
    model: MODEL,
    payee: shop.payee,
    price: PRICE,
    signer: session.address,
  })
  expect(whole.receipt.usage).toEqual({
    inputTokens: usage?.prompt_tokens,
    outputTokens: usage?.completion_tokens,
  })
  expect(whole.receipt.response).toBe(Receipt.responseHash(choices[0]?.message.content ?? ''))
  expect(pieces.receipt.response).toBe(Receipt.responseHash(streamed))
  expect(pieces.receipt.tally.cumulative).toBe(2n * whole.receipt.tally.cumulative)
  expect(await Receipt.isGenuine(client, whole)).toBe(true)
  expect(await Receipt.isGenuine(client, { ...whole, receipt: pieces.receipt })).toBe(false)
})
