import { payingFetch, Voucher } from '@jejunetwork/sdk'
import OpenAI from 'openai'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeOf, MODEL, market, openPayer, PRICE, postSigned, STORY } from './node.ts'

let shop: market.Market

beforeAll(async () => {
  shop = await market()
})
afterAll(() => shop?.close())

test('without payment: 402, and the terms', async () => {
  const openai = new OpenAI({ apiKey: 'sk-none', baseURL: `${shop.node.url}/v1` })
  const error = await openai.chat.completions.create(STORY).catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'payment_required', status: 402 })
  expect(error.error.payment).toMatchObject({
    chainId: shop.payee.chainId,
    contract: shop.payee.contract,
    credit: String((32n * PRICE.outputPrice) / 1_000_000n),
    inputPrice: String(PRICE.inputPrice),
    model: MODEL,
    outputPrice: String(PRICE.outputPrice),
    provider: shop.payee.provider,
    window: { ms: 100, tokens: 16 },
  })
})

test('a paying client without a channel is told what to do, and asks once', async () => {
  const { chain, node, payee } = shop
  const session = privateKeyToAccount(generatePrivateKey())
  const fetch = payingFetch(chain.client as never, {
    deployment: chain.deployment,
    provider: payee.provider,
    session,
  })
  const openai = new OpenAI({ apiKey: 'sk-none', baseURL: `${node.url}/v1`, fetch })
  await expect(openai.chat.completions.create(STORY)).rejects.toMatchObject({
    code: 'no_channel',
    message: expect.stringContaining('openChannel'),
    status: 402,
  })
})

test('a prompt longer than the context is refused, and costs nothing', async () => {
  const payer = await setup()
  const messages = [{ content: 'word '.repeat(1100), role: 'user' as const }]
  await expect(
    payer.openai.chat.completions.create({ messages, model: MODEL, stream: true }),
  ).rejects.toMatchObject({
    code: 'context_length_exceeded',
    param: 'messages',
    status: 400,
  })
  expect(payer.payments).toEqual([])
})

test('what the engine cannot do is refused by name', async () => {
  const payer = await setup()
  const wrong = [
    [{ n: 2 }, 'n'],
    [{ tools: [{ function: { name: 'f' }, type: 'function' }] }, 'tools'],
    [{ response_format: { type: 'json_object' } }, 'response_format'],
    [{ temperature: 3 }, 'temperature'],
    [{ messages: [] }, 'messages'],
    [{ messages: [{ content: 'x', role: 'tool' }] }, 'messages[0].role'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop'],
  ] as const
  for (const [change, param] of wrong) {
    const request = payer.openai.chat.completions.create({ ...STORY, ...change } as never)
    await expect(request).rejects.toMatchObject({ param, status: 400 })
  }
  const unknown = payer.openai.chat.completions.create({ ...STORY, model: 'gpt-9' })
  await expect(unknown).rejects.toMatchObject({ code: 'model_not_found', status: 404 })
  await expect(payer.openai.models.retrieve('gpt-9')).rejects.toMatchObject({ status: 404 })
  expect((await payer.openai.models.retrieve(MODEL)).id).toBe(MODEL)
})

test('bodies that are no JSON or too large are refused', async () => {
  const post = (body: string) => fetch(`${shop.node.url}/v1/chat/completions`, { body, method: 'POST' })
  const broken = await post('{"model":')
  expect([broken.status, await codeOf(broken)]).toEqual([400, 'invalid_json'])
  const large = await post('x'.repeat((1 << 20) + 1))
  expect([large.status, await codeOf(large)]).toEqual([413, 'request_too_large'])
})

test('a request signed by another key, for another path or body, or too old is refused', async () => {
  const { node, payee } = shop
  const payer = await setup()
  const thief = privateKeyToAccount(generatePrivateKey())
  const stolen = { address: payer.session.address, sign: thief.sign }
  const send = async (options: Partial<postSigned.Options>) =>
    codeOf(await postSigned(node.url, { json: STORY, payee, session: payer.session, ...options }))

  expect(await send({ session: stolen })).toBe('signature_forged')
  expect(await send({ payee: { ...payee, chainId: 1 } })).toBe('signature_forged')
  expect(await send({ payee: { ...payee, provider: thief.address } })).toBe('signature_forged')
  expect(await send({ path: '/v1/completions', sentTo: '/v1/chat/completions' })).toBe('signature_forged')
  expect(await send({ expiry: Math.floor(Date.now() / 1000) - 1 })).toBe('request_expired')
  expect(await send({ expiry: Math.floor(Date.now() / 1000) + 3_600 })).toBe('request_expired')
})

test('a voucher that is forged, or for another chain, contract, provider or epoch, is refused', async () => {
  const { node, payee } = shop
  const payer = await setup()
  const thief = privateKeyToAccount(generatePrivateKey())
  const tally = { cumulative: 1_000n, epoch: 0, tokens: 1n }
  const push = async (voucher: string) => {
    const body = JSON.stringify({ base: '0', voucher })
    const answer = await fetch(`${node.url}/v1/channels/${payer.session.address}`, { body, method: 'POST' })
    return [answer.status, await codeOf(answer)]
  }
  const forged = [402, 'voucher_forged']

  expect(await push(await Voucher.sign(thief, { payee, tally }))).toEqual(forged)
  expect(await push(`0x${'00'.repeat(80)}`)).toEqual(forged)
  for (const other of [
    { chainId: 1 },
    { contract: payee.provider },
    { provider: thief.address },
    { token: thief.address },
  ]) {
    expect(await push(await Voucher.sign(payer.session, { payee: { ...payee, ...other }, tally }))).toEqual(
      forged,
    )
  }
  expect(await push(await Voucher.sign(payer.session, { payee, tally: { ...tally, epoch: 1 } }))).toEqual([
    402,
    'voucher_epoch',
  ])
  const tooMuch = { ...tally, cumulative: 10n ** 17n }
  expect(await push(await Voucher.sign(payer.session, { payee, tally: tooMuch }))).toEqual([
    402,
    'channel_exhausted',
  ])
  expect(await push('0x1234')).toEqual([400, 'invalid_voucher'])
  expect(await push(await Voucher.sign(payer.session, { payee, tally }))).toEqual([200, undefined])
})

test('an answer ends where the channel does, and all of it is paid', async () => {
  const payer = await setup({ amount: 300_000_000_000n })
  const request = payer.openai.chat.completions.create({ ...STORY, stream: true })
  await expect(
    request.then(async (stream) => {
      for await (const _ of stream);
    }),
  ).rejects.toMatchObject({ code: 'channel_exhausted' })
  expect(payer.payments.at(-1)).toBeGreaterThan(290_000_000_000n)
  expect(payer.payments.at(-1)).toBeLessThanOrEqual(300_000_000_000n)
  await expect(payer.openai.chat.completions.create(STORY)).rejects.toMatchObject({
    code: 'channel_exhausted',
    status: 402,
  })
})

async function setup({ amount }: { amount?: bigint } = {}) {
  const { chain, node, payee } = shop
  return openPayer(chain, { provider: payee.provider, url: node.url, user: 2, ...(amount && { amount }) })
}
