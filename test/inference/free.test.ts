import { payingFetch } from '@jejunetwork/sdk'
import OpenAI from 'openai'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { market, openPayer, STORY } from './node.ts'

let shop: market.Market

beforeAll(async () => {
  shop = await market({ price: { inputPrice: 0n, outputPrice: 0n } })
})
afterAll(() => shop?.close())

test('a model that costs nothing needs no payment, in one piece or as a stream', async () => {
  const openai = new OpenAI({ apiKey: 'none', baseURL: `${shop.node.url}/v1` })
  const whole = await openai.chat.completions.create(STORY)
  expect(whole.choices[0]?.message.content).toContain('quiet land')
  expect(whole.usage?.completion_tokens).toBeGreaterThan(100)

  let text = ''
  for await (const chunk of await openai.chat.completions.create({ ...STORY, stream: true })) {
    text += chunk.choices[0]?.delta.content ?? ''
    expect(chunk.usage).toBeUndefined()
  }
  expect(text).toBe(whole.choices[0]?.message.content)
})

test('a client without a channel needs none for it', async () => {
  const { chain, node, payee } = shop
  const session = privateKeyToAccount(generatePrivateKey())
  const { deployment } = chain
  const fetch = payingFetch(chain.client as never, { deployment, provider: payee.provider, session })
  const openai = new OpenAI({ apiKey: 'none', baseURL: `${node.url}/v1`, fetch })
  expect((await openai.chat.completions.create(STORY)).choices).toHaveLength(1)
})

test('a client that could pay pays nothing for it', async () => {
  const { chain, node, payee } = shop
  const { openai, payments } = await openPayer(chain, { provider: payee.provider, url: node.url, user: 2 })
  const answer = await openai.chat.completions.create(STORY)
  expect(answer.choices[0]?.finish_reason).toBe('stop')
  expect(payments).toEqual([])
})
