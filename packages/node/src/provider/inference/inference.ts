import { Inference as Contract, type Deployment, InferenceServingAbi, type Price } from '@jejunetwork/sdk'
import type { FastifyInstance } from 'fastify'
import type { Address, LocalAccount, PublicClient } from 'viem'
import { isLocalChain } from '../../isLocalChain.ts'
import type { Journal } from '../../journal.ts'
import { linked } from '../../linked.ts'
import type { Log } from '../../log.ts'
import { every } from '../../loop.ts'
import { type Amount, amountsIn } from '../../money.ts'
import type { Sender } from '../../send.ts'
import { type Books, createBooks, setCredit } from './books.ts'
import type { Counter } from './complete.ts'
import { loadEngine } from './engine.ts'
import { createReserver } from './reserve.ts'
import { addRoutes } from './routes.ts'
import { forgetCharges } from './rows.ts'
import { settle } from './settle.ts'
import { createSlots } from './slots.ts'

/** What is served, and for how much. Prices are wei, or units of `token`, per 1,000,000 tokens. */
export type InferenceConfig = {
  modelPath: string
  modelName: string
  inputPrice: bigint
  outputPrice: bigint
  /** The ERC-20 that is charged; ether unless given. */
  token?: Address
  /** A payer signs at the latest after so many tokens or milliseconds; two such windows may stand unpaid. */
  window: { tokens: number; ms: number }
  threads?: number
  /** How long an answer waits for a voucher before it ends; 10 seconds unless given. */
  patienceMs?: number
  /**
   * Vouchers go on chain when they are worth this many times the gas (20), or in a token `least` units (1,000,000, a dollar of six
   * decimals); 0, as on a local chain: as soon as there are any.
   */
  settle?: { intervalMs?: number; gasMultiple?: bigint; least?: bigint }
}

export type Inference = {
  readonly models: readonly string[]
  routes(app: FastifyInstance): void
  /** Brings what is paid on chain now, worth it or not; the wei that it brought. */
  settleNow(): Promise<bigint>
  stats(): { running: number; waiting: number }
  close(): Promise<void>
}

const PRICE_AGE_MS = 5_000
const REQUEST_LIFE_MS = 86_400_000
const QUEUE = 16

/** Loads the model, posts its price, answers requests and settles what they earn. `account` is the provider. */
export async function openInference(config: InferenceConfig, deps: openInference.Deps): Promise<Inference> {
  const { account, client, deployment, journal, log, onProgress, sender } = deps
  const { token = Contract.ETHER } = config
  onProgress?.(`Loading the model ${config.modelName} …`)
  const engine = await loadEngine({ modelPath: config.modelPath, threads: config.threads })
  const stop = linked(deps.signal)
  const { signal } = stop

  const books = createBooks({
    client,
    deployment,
    journal,
    patienceMs: config.patienceMs ?? 10_000,
    provider: account.address,
    shown: await amountsIn(client, token),
    token,
    window: config.window,
  })
  await postPrice(config, { ...deps, shown: books.options.shown })
  const slots = createSlots({ places: engine.parallel, queue: QUEUE })
  const price = priceReader(config, { books, deps })
  // Gas is worth nothing there, and people want to see their money move.
  const isLocal = isLocalChain(deployment.chainId)
  const { gasMultiple = isLocal ? 0n : 20n, intervalMs = isLocal ? 3_000 : 30_000 } = config.settle ?? {}
  const { least = isLocal ? 0n : 1_000_000n } = config.settle ?? {}
  const counter: Counter = {
    account,
    asked: new Map(),
    books,
    engine,
    log,
    model: config.modelName,
    price,
    reserve: createReserver(books, { gasMultiple, least, log, sender }),
    running: new Map(),
    signal,
    slots,
  }
  await price()

  const task = async () => {
    await settle(books, { gasMultiple, least, log, sender })
    forgetCharges(journal, { before: Date.now() - REQUEST_LIFE_MS })
  }
  const loop = every(intervalMs, task, { onError: (error) => log.warn('settling failed', { error }), signal })

  return {
    async close() {
      stop.abort()
      await loop
      await Promise.all([...counter.running.values()].map(({ done }) => done))
      await engine.close()
    },
    models: [config.modelName],
    routes: (app) => addRoutes(app, counter),
    settleNow: () => settle(books, { gasMultiple: 0n, least: 0n, log, sender }),
    stats: () => ({ running: slots.running(), waiting: slots.waiting() }),
  }
}

export declare namespace openInference {
  type Deps = {
    client: PublicClient
    account: LocalAccount
    sender: Sender
    journal: Journal
    log: Log
    signal: AbortSignal
    deployment: Deployment
    onProgress?: ((message: string) => void) | undefined
  }
}

/** Puts the configured price on chain. A fall counts at once, a rise after an hour; until then the old one is charged. */
async function postPrice(
  config: InferenceConfig,
  { account, client, deployment, log, sender, shown }: openInference.Deps & { shown: Amount },
): Promise<void> {
  const { inputPrice, modelName: model, outputPrice, token } = config
  const posted = await Contract.modelOf(client, { deployment, model, provider: account.address, token })
  if (posted?.inputPrice === inputPrice && posted.outputPrice === outputPrice) return

  const call = Contract.modelCall({ inputPrice, model, outputPrice, token })
  await sender.write({ abi: InferenceServingAbi, address: deployment.inferenceServing, ...call })
  const perMillionTokens = `${shown(inputPrice)} in, ${shown(outputPrice)} out`
  log.info('price posted', { model, perMillionTokens })
}

/** Reads the price on chain, at most every few seconds. */
function priceReader(
  config: InferenceConfig,
  { books, deps }: { books: Books; deps: openInference.Deps },
): () => Promise<Price> {
  const { account, client, deployment } = deps
  let last: Price | undefined
  let reading: Promise<Price> | undefined
  let readAt = 0
  const read = async () => {
    const posted = await Contract.modelOf(client, {
      deployment,
      model: config.modelName,
      provider: account.address,
      token: config.token,
    })
    if (posted === undefined) throw new Error(`No price of ${config.modelName} is on chain.`)
    setCredit(books, posted)
    last = posted
    return posted
  }
  return () => {
    if (reading === undefined || Date.now() - readAt > PRICE_AGE_MS) {
      readAt = Date.now()
      reading = read().catch((error: unknown) => {
        if (last === undefined) throw error
        return last
      })
    }
    return reading
  }
}
