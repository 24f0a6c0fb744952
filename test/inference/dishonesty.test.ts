import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { askToClose, Inference, Voucher } from '@jejunetwork/sdk'
import { type Hex, parseEther } from 'viem'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { accountOf, type Chain, startChain } from '../chain.ts'
import { serve } from '../serve.ts'
import { MODEL, openPayer, PRICE, registerProvider, STORY } from './node.ts'

const PER_TOKEN = PRICE.outputPrice / 1_000_000n

let chain: Chain

beforeAll(async () => {
  chain = await startChain()
  await registerProvider(chain, { index: 1 })
  await Inference.setModel(chain.walletOf(1), { ...PRICE, deployment: chain.deployment, model: MODEL })
})
afterAll(async () => {
  await chain?.close()
})

test('a provider that counts more tokens than it sends gets nothing for them', async () => {
  const { openai, best } = await setup({
    answer: (response) => {
      response.write(event('Hi', { asked: '9000000000000', input: 20, output: 2 }))
      response.end(event('!', { asked: '9000000000000', input: 20, output: 500 }))
    },
  })
  await expect(read(openai)).rejects.toThrow('asks for 500 output tokens; at most 11 is right')
  expect(best()).toBe(20n * (PRICE.inputPrice / 1_000_000n) + 2n * PER_TOKEN)
})

test('a provider that asks for more than its price gets its price', async () => {
  const { openai, best } = await setup({
    answer: (response) =>
      response.end(event('Hello', { asked: '9000000000000', done: true, input: 0, output: 5 })),
  })
  await expect(read(openai)).rejects.toThrow('does not match the answer: there is none')
  expect(best()).toBe(5n * PER_TOKEN)
})

test('a provider whose receipt is for something else is found out, and paid for what came', async () => {
  const signature = await chain.accounts[1]?.sign?.({ hash: `0x${'11'.repeat(32)}` })
  const { openai, best } = await setup({
    answer: (response) => {
      const receipt = { signature, tally: String(1n << 40n) }
      const note = { asked: '9000000000000', done: true, input: 0, output: 5, receipt }
      response.end(`${event('Hello', note)}data: [DONE]\n\n`)
    },
  })
  await expect(read(openai)).rejects.toMatchObject({
    code: 'receipt_mismatch',
    message: expect.stringContaining('not signed for this request, text, count and price'),
  })
  expect(best()).toBe(5n * PER_TOKEN)
})

test('a provider that invents a debt gets at most one credit of it, once', async () => {
  const { openai, best } = await setup({ asked: (paid) => paid + 30n * PER_TOKEN, status: 402 })
  for (let round = 0; round < 3; round++) {
    await expect(openai.chat.completions.create(STORY)).rejects.toMatchObject({ status: 402 })
  }
  expect(best()).toBeLessThanOrEqual(32n * PER_TOKEN + 1n)
})

test('a provider of another contract is not paid', async () => {
  const { openai, best } = await setup({ contract: '0x9999999999999999999999999999999999999999' })
  await expect(openai.chat.completions.create(STORY)).rejects.toMatchObject({
    cause: { name: 'WrongPayeeError' },
  })
  expect(best()).toBe(0n)
})

test('a provider that closes over more than was signed finds nobody who submits it', async () => {
  const { best, openai, payee, session, url } = await setup({
    answer: (response) =>
      response.end(event('Hello', { asked: '9000000000000', done: true, input: 0, output: 5 })),
    closeAt: parseEther('0.01'),
  })
  await expect(read(openai)).rejects.toThrow('receipt')
  expect(best()).toBe(5n * PER_TOKEN)
  await expect(askToClose({ payee, session, settled: 0n, url })).rejects.toThrow(
    `asks for ${parseEther('0.01')} wei at the close; at most ${best()} is right`,
  )
})

test('a provider that sends its clients on is not followed', async () => {
  const { openai, best } = await setup({ location: `${chain.rpcUrl}/`, status: 307 })
  await expect(openai.chat.completions.create(STORY)).rejects.toMatchObject({
    cause: { message: 'fetch failed' },
  })
  expect(best()).toBe(0n)
})

type Lies = {
  answer?: (response: ServerResponse) => void
  asked?: (paid: bigint) => bigint
  status?: number
  location?: string
  contract?: Hex
  /** What it wants to close at. */
  closeAt?: bigint
}

/** A provider's node that lies: the only fake here, since ours does not. */
async function setup({
  answer,
  asked = () => 9n * 10n ** 12n,
  closeAt = 0n,
  contract,
  location = '',
  status,
}: Lies) {
  const { deployment } = chain
  const provider = accountOf(1).address
  let voucher: Hex | null = null
  const best = () => (voucher === null ? 0n : Voucher.tallyOf(voucher).cumulative)
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const body = (await buffer(request)).toString()
    if (request.url?.endsWith('/close')) {
      const agreement = { cumulative: String(closeAt), deadline: '0', epoch: 0, signature: '0x', tokens: '0' }
      return response.end(JSON.stringify(agreement))
    }
    if (request.url?.startsWith('/v1/channels/')) {
      if (request.method === 'POST') voucher = JSON.parse(body).voucher
      const payee = {
        chainId: 31_337,
        contract: contract ?? deployment.inferenceServing,
        provider,
        token: Inference.ETHER,
      }
      const books = {
        accepted: true,
        asked: String(asked(best())),
        credit: '0',
        epoch: 0,
        tokens: '0',
        voucher,
      }
      return response.end(JSON.stringify({ ...payee, ...books, window: { ms: 100, tokens: 16 } }))
    }
    if (status !== undefined)
      return response.writeHead(status, { location }).end('{"error":{"code":"payment_due","message":"Pay."}}')
    response.writeHead(200, { 'content-type': 'text/event-stream', 'jeju-epoch': '0', 'jeju-price': '1/1' })
    return answer?.(response)
  }
  const { close, url } = await serve((request, response) => void handle(request, response))
  onTestFinished(close)
  const { openai, session } = await openPayer(chain, { amount: parseEther('0.01'), provider, url, user: 2 })
  const payee = { chainId: 31_337, contract: deployment.inferenceServing, provider, token: Inference.ETHER }
  return { best, openai, payee, session, url }
}

function event(content: string, note: object): string {
  return `data: ${JSON.stringify({ choices: [{ delta: { content }, index: 0 }] })}\n: jeju ${JSON.stringify(note)}\n\n`
}

async function read(openai: Awaited<ReturnType<typeof setup>>['openai']): Promise<void> {
  for await (const _ of await openai.chat.completions.create({ ...STORY, stream: true }));
}
