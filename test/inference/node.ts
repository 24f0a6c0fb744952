import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Deployment,
  Inference,
  PaidRequest,
  payingFetch,
  Registry,
  type Voucher,
} from '@jejunetwork/sdk'
import Fastify from 'fastify'
import OpenAI from 'openai'
import {
  type Address,
  createPublicClient,
  type Hex,
  http,
  type LocalAccount,
  type PublicClient,
  parseEther,
} from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { openJournal } from '../../packages/node/src/journal.ts'
import { createLog } from '../../packages/node/src/log.ts'
import { openInference } from '../../packages/node/src/provider/inference/inference.ts'
import { createSender } from '../../packages/node/src/send.ts'
import { accountOf, type Chain, startChain } from '../chain.ts'

export const MODEL = 'jeju-demo-36m'
/** Wei per 1,000,000 tokens; whole wei per token, so that nothing is rounded. */
export const PRICE = { inputPrice: parseEther('0.001'), outputPrice: parseEther('0.003') }
const MODEL_PATH = join(import.meta.dirname, '../../packages/node/models/jeju-demo-36m-q8_0.gguf')

/** The inference part of a provider's node on a real chain, alone. */
export async function serve(options: serve.Options): Promise<serve.Node> {
  const { account, deployment, journalPath, port = 0, price = PRICE, rpcUrl } = options
  if (!existsSync(MODEL_PATH)) throw new Error(`${MODEL_PATH} is missing.`)
  const client = createPublicClient({ chain: foundry, pollingInterval: 50, transport: http(rpcUrl) })
  const { level = 'silent', to } = options
  const log = createLog({ level, ...(to && { to }) })
  const stop = new AbortController()
  const journal = openJournal(journalPath)
  const sender = createSender({ account, client, log, signal: stop.signal })
  const config = {
    ...price,
    modelName: MODEL,
    modelPath: MODEL_PATH,
    patienceMs: options.patienceMs ?? 10_000,
    settle: { gasMultiple: options.gasMultiple ?? 20n, intervalMs: 200, least: 1n },
    ...(options.token && { token: options.token }),
    window: { ms: 100, tokens: 16 },
  }
  const inference = await openInference(config, {
    account,
    client,
    deployment,
    journal,
    log,
    sender,
    signal: stop.signal,
  })
  const app = Fastify()
  inference.routes(app)
  const url = await app.listen({ host: '127.0.0.1', port })
  return {
    async close() {
      stop.abort()
      await inference.close()
      app.server.closeAllConnections()
      await app.close()
      journal.close()
    },
    inference,
    url,
  }
}

export declare namespace serve {
  type Options = {
    account: LocalAccount
    deployment: Deployment
    rpcUrl: string
    journalPath: string
    port?: number
    price?: { inputPrice: bigint; outputPrice: bigint }
    token?: Address
    level?: 'info' | 'warn'
    /** Where it logs to, this process's output unless given. */
    to?: { write(line: string): void }
    patienceMs?: number
    gasMultiple?: bigint
  }
  type Node = { url: string; inference: Awaited<ReturnType<typeof openInference>>; close(): Promise<void> }
}

/** Registers a development account as provider. */
export async function registerProvider(
  chain: Chain,
  { index, url = 'http://127.0.0.1:4007' }: { index: number; url?: string },
): Promise<void> {
  await Registry.register(chain.walletOf(index), {
    deployment: chain.deployment,
    endpoint: url,
    hardwareAttestation: '{}',
    pricePerHour: parseEther('0.01'),
    stake: parseEther('0.1'),
  })
}

/** A new session key with a channel, and an OpenAI client that pays with it. */
export async function openPayer(chain: Chain, options: openPayer.Options): Promise<openPayer.Payer> {
  const { amount = parseEther('0.01'), provider, url, user } = options
  const session = privateKeyToAccount(options.key ?? generatePrivateKey())
  const { deployment } = chain
  await Inference.openChannel(chain.walletOf(user), { amount, deployment, provider, session })
  const payments: bigint[] = []
  const fetch = payingFetch(chain.client as PublicClient, {
    deployment,
    onPayment: ({ cumulative }) => payments.push(cumulative),
    provider,
    session,
    ...options.paying,
  })
  const openai = new OpenAI({ apiKey: 'unused', baseURL: `${url}/v1`, fetch, maxRetries: 0 })
  const channel = () => Inference.channelOf(chain.client, { deployment, provider, signer: session.address })
  return { channel, fetch, openai, payments, session }
}

export declare namespace openPayer {
  type Options = {
    provider: Address
    url: string
    user: number
    amount?: bigint
    key?: Hex
    paying?: Partial<payingFetch.Options>
  }
  type Payer = {
    openai: OpenAI
    fetch: typeof globalThis.fetch
    session: ReturnType<typeof privateKeyToAccount>
    payments: bigint[]
    channel(): Promise<Inference.Channel>
  }
}

/** Everything a test of the market for inference needs: a chain, a registered provider, its node. */
export async function market(options: Partial<serve.Options> = {}): Promise<market.Market> {
  const chain = await startChain()
  const folder = mkdtempSync(join(tmpdir(), 'inference-'))
  await registerProvider(chain, { index: 1 })
  const account = accountOf(1)
  const { deployment, rpcUrl } = chain
  const node = await serve({
    account,
    deployment,
    journalPath: join(folder, 'journal.db'),
    rpcUrl,
    ...options,
  })
  const payee = {
    chainId: deployment.chainId,
    contract: deployment.inferenceServing,
    provider: account.address,
    token: Inference.ETHER,
  }
  return {
    chain,
    async close() {
      await node.close()
      await chain.close()
      rmSync(folder, { force: true, recursive: true })
    },
    earned: () => Inference.balanceOf(chain.client, { account: account.address, deployment }),
    node,
    payee,
  }
}

export declare namespace market {
  type Market = {
    chain: Chain
    node: serve.Node
    payee: Voucher.Payee
    /** The provider's balance on chain. */
    earned(): Promise<bigint>
    close(): Promise<void>
  }
}

/** Posts a request signed by a session key, with no intention to pay. */
export async function postSigned(url: string, options: postSigned.Options): Promise<Response> {
  const { json, path = '/v1/chat/completions', payee, session } = options
  const { expiry = Math.floor(Date.now() / 1000) + 60, id = randomId(), sentTo = path } = options
  const body = new TextEncoder().encode(JSON.stringify(json))
  const headers = await PaidRequest.headersFor({ body, expiry, id, path }, { key: session, payee })
  return fetch(`${url}${sentTo}`, { body, headers, method: 'POST' })
}

export declare namespace postSigned {
  type Options = {
    session: Voucher.SessionKey
    payee: Voucher.Payee
    json: object
    id?: Hex
    /** What is signed. */
    path?: string
    sentTo?: string
    expiry?: number
  }
}

function randomId(): Hex {
  return `0x${randomBytes(32).toString('hex')}`
}

export function costAt(usage: { prompt_tokens: number; completion_tokens: number }): bigint {
  const { completion_tokens, prompt_tokens } = usage
  return (
    (BigInt(prompt_tokens) * PRICE.inputPrice + BigInt(completion_tokens) * PRICE.outputPrice) / 1_000_000n
  )
}

export const STORY = {
  messages: [{ content: 'Tell me a short story about a fox and a lamp.', role: 'user' as const }],
  model: MODEL,
  temperature: 0,
}

/** The code of a failure in OpenAI's shape; undefined if it is none. */
export async function codeOf(answer: Response): Promise<string | undefined> {
  return ((await answer.json()) as { error?: { code: string } }).error?.code
}
