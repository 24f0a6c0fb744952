import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Inference } from '@jejunetwork/sdk'
import OpenAI from 'openai'
import { type Address, type PublicClient, parseUnits } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openJournal } from '../../packages/node/src/journal.ts'
import { createLog } from '../../packages/node/src/log.ts'
import { createTables } from '../../packages/node/src/provider/inference/rows.ts'
import { startProxy } from '../../packages/node/src/proxy/proxy.ts'
import { accountOf, type Chain, startChain } from '../chain.ts'
import { type Dollar, deployDollar } from '../Dollar.ts'
import { freePorts, until } from '../jejuCompute.ts'
import { MODEL, registerProvider, STORY, serve } from './node.ts'

const [PROVIDER, USER] = [1, 2]
/** A dollar for a million tokens of prompt, three for a million of answer: whole units per token at six decimals. */
const PRICE = { inputPrice: 1_000_000n, outputPrice: 3_000_000n }
const DEPOSIT = 5_000_000n

let chain: Chain
let dollar: Dollar
let token: Address
let node: serve.Node
let folder: string
const said: string[] = []
const stop = new AbortController()
const session = privateKeyToAccount(generatePrivateKey())

beforeAll(async () => {
  chain = await startChain()
  folder = mkdtempSync(join(tmpdir(), 'inference-token-'))
  dollar = await deployDollar(chain)
  token = dollar.address
  await dollar.mint(accountOf(USER).address, 100n * DEPOSIT)
  const [port = 0] = await freePorts(1)
  await registerProvider(chain, { index: PROVIDER, url: `http://127.0.0.1:${port}` })
  const account = accountOf(PROVIDER)
  const journalPath = join(folder, 'journal.db')
  const { deployment, rpcUrl } = chain
  const to = { write: (line: string) => void said.push(line) }
  const served = { account, deployment, journalPath, level: 'info', port, price: PRICE, rpcUrl, to } as const
  node = await serve({ ...served, token })
})
afterAll(async () => {
  stop.abort()
  await node?.close()
  await chain?.close()
  rmSync(folder, { force: true, recursive: true })
})

test('a developer pays in dollars of six decimals by the token, and the provider has them', async () => {
  const { client, deployment } = chain
  const provider = accountOf(PROVIDER).address
  const wallet = chain.walletOf(USER)
  const before = await dollar.balanceOf(wallet.account.address)
  const proxy = await startProxy({
    client: client as PublicClient,
    deployment,
    deposit: DEPOSIT,
    log: createLog({ level: 'silent' }),
    port: 0,
    session,
    signal: stop.signal,
    token,
    wallet,
  })
  const openai = new OpenAI({ apiKey: 'none', baseURL: `${proxy.url}/v1`, maxRetries: 0 })
  const answer = await openai.chat.completions.create({ ...STORY, max_tokens: 40 })

  expect(answer.choices[0]?.message.content?.length).toBeGreaterThan(20)
  expect(before - (await dollar.balanceOf(wallet.account.address)), 'the deposit').toBe(DEPOSIT)
  const { completion_tokens: output = 0, prompt_tokens: input = 0 } = answer.usage ?? {}
  const cost = BigInt(input) + 3n * BigInt(output)
  const earned = () => Inference.balanceOf(client, { account: provider, deployment, token })
  await until('the settlement', async () => (await earned()) === cost)
  const settled = () =>
    said.flatMap((line) => /"amount":"([\d.]+) TUSD .*vouchers settled/.exec(line)?.[1] ?? [])
  await until('the log', async () => settled().reduce((sum, one) => sum + parseUnits(one, 6), 0n) === cost)
  expect(said[0]).toContain(`"perMillionTokens":"1 TUSD (${token}) in, 3 TUSD (${token}) out"`)
  expect(await Inference.balanceOf(client, { account: provider, deployment }), 'no ether').toBe(0n)
  const usage = await Inference.usageOf(client, { account: wallet.account.address, deployment, token })
  expect(usage).toEqual({ cost, tokens: BigInt(input + output) })

  await Inference.withdraw(chain.walletOf(PROVIDER), { amount: cost, deployment, token })
  expect(await dollar.balanceOf(provider), 'in the provider\u2019s wallet').toBe(cost)
})

test('who does not pay in its currency is told to', async () => {
  const plain = new OpenAI({ apiKey: 'none', baseURL: `${node.url}/v1`, maxRetries: 0 })
  await expect(plain.chat.completions.create(STORY)).rejects.toMatchObject({
    error: { payment: { model: MODEL, token } },
    status: 402,
  })
})

test('a node does not read books of another currency as its own', () => {
  const journal = openJournal(join(folder, 'other.db'))
  createTables(journal, token)
  createTables(journal, token)
  expect(() => createTables(journal, Inference.ETHER)).toThrow('Use another folder')
  journal.close()
})
