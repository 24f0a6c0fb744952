import { Inference, payingFetch } from '@jejunetwork/sdk'
import OpenAI from 'openai'
import type { PublicClient } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountOf } from '../chain.ts'
import { codeOf, MODEL, market, PRICE, registerProvider, STORY } from './node.ts'

const [OTHER, USER] = [3, 2]
/** What the story costs, about: some hundred tokens. */
const SOME = 200n * (PRICE.outputPrice / 1_000_000n)
/** The cap is kept in whole gwei, so a reservation takes whole ones off it. */
const GWEI = 10n ** 9n

let shop: market.Market
beforeAll(async () => {
  shop = await market({ gasMultiple: 0n })
  await registerProvider(shop.chain, { index: OTHER })
  await Inference.setModel(shop.chain.walletOf(OTHER), {
    ...PRICE,
    deployment: shop.chain.deployment,
    model: MODEL,
  })
})
afterAll(() => shop?.close())

test('a session key opens and fills a channel by itself, within its cap, and the wallet is not asked', async () => {
  const { ask, channel, client, deployment, session, user } = await setup({ cap: 10n * SOME })
  const nonce = await client.getTransactionCount({ address: user })
  expect((await channel()).deposit).toBe(0n)

  await ask()
  expect((await channel()).deposit, 'opened').toBe(SOME)
  await ask()
  await ask()
  expect((await channel()).deposit, 'filled').toBeGreaterThan(SOME)
  expect(await client.getTransactionCount({ address: user })).toBe(nonce)
  const { cap = 0n } = (await Inference.sessionOf(client, { deployment, signer: session.address })) ?? {}
  expect(10n * SOME - cap, 'off the cap').toBeGreaterThanOrEqual((await channel()).deposit - GWEI)
})

test('a reservation above the cap is refused, with the reason, and costs nothing', async () => {
  const { ask, channel } = await setup({ cap: SOME / 2n })
  await expect(ask()).rejects.toMatchObject({ code: 'reservation_refused', status: 402 })
  await expect(ask()).rejects.toThrow("it exceeds the session key's cap")
  expect((await channel()).deposit).toBe(0n)
})

test('what is no reservation, or another key\u2019s, is refused', async () => {
  const { session } = await setup({ cap: SOME })
  const post = (reservation: unknown) =>
    fetch(`${shop.node.url}/v1/channels/${session.address}/reserve`, {
      body: JSON.stringify({ reservation }),
      method: 'POST',
    })
  expect(await codeOf(await post('0x12'))).toBe('invalid_reservation')
  expect(await codeOf(await post(`0x${'12'.repeat(80)}`))).toBe('reservation_refused')
})

/** A key that its owner registered with another provider, and money on the owner's free balance. */
async function setup({ cap }: { cap: bigint }) {
  const { chain, node, payee } = shop
  const { deployment } = chain
  const wallet = chain.walletOf(USER)
  const session = privateKeyToAccount(generatePrivateKey())
  const other = accountOf(OTHER).address
  await Inference.openChannel(wallet, { amount: 1n, cap, deployment, provider: other, session })
  await Inference.deposit(wallet, { amount: 20n * SOME, deployment })
  const client = chain.client as PublicClient
  const { provider } = payee
  const fetch = payingFetch(client, { deployment, provider, reserve: SOME, session })
  const openai = new OpenAI({ apiKey: 'unused', baseURL: `${node.url}/v1`, fetch, maxRetries: 0 })
  return {
    ask: () => openai.chat.completions.create({ ...STORY, max_tokens: 120 }),
    channel: () => Inference.channelOf(client, { deployment, provider, signer: session.address }),
    client,
    deployment,
    session,
    user: wallet.account.address,
  }
}
