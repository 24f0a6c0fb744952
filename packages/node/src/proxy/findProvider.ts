import { type Deployment, Inference, type Price, Registry, readJson } from '@jejunetwork/sdk'
import type { Address, PublicClient } from 'viem'
import { baseUrl } from './baseUrl.ts'

/** Where a model is served, and for how much. */
export type Offer = { providerId: bigint; provider: Address; endpoint: string; price: Price }

const PROBE_MS = 3_000
/** So many providers are asked at once, so that a crowd that does not answer holds nobody up for long. */
const PROBES = 16
const MOST_MODELS = 64

/** The cheapest active provider that has posted a price for the model and serves it now; undefined if there is none. */
export async function findProvider(
  client: PublicClient,
  options: findProvider.Options,
): Promise<Offer | undefined> {
  const offers: Offer[] = []
  for await (const provider of providers(client, options)) {
    const { deployment, model, token } = options
    const price = await Inference.modelOf(client, { deployment, model, provider: provider.owner, token })
    const { owner, providerId } = provider
    const endpoint = baseUrl(provider.endpoint, deployment)
    if (provider.active && price && endpoint) offers.push({ endpoint, price, provider: owner, providerId })
  }

  offers.sort((a, b) =>
    Number(a.price.inputPrice + a.price.outputPrice - b.price.inputPrice - b.price.outputPrice),
  )
  for (let start = 0; start < offers.length; start += PROBES) {
    const part = offers.slice(start, start + PROBES)
    const models = await Promise.all(part.map(({ endpoint }) => modelsAt(endpoint)))
    const found = part.find((_, index) => models[index]?.some(({ id }) => id === options.model))
    if (found !== undefined) return found
  }
  return undefined
}

export declare namespace findProvider {
  type Options = {
    deployment: Deployment
    model: string
    /** The currency to pay in; ether unless given. */
    token?: Address | undefined
    /** Ask this one alone. */
    providerId?: bigint | undefined
  }
}

/** The models that a provider serves; none if it does not answer. */
export async function modelsAt(endpoint: string): Promise<readonly { id: string }[]> {
  try {
    const init = { redirect: 'error', signal: AbortSignal.timeout(PROBE_MS) } as const
    const answer = (await readJson(await fetch(`${endpoint}/v1/models`, init))) as
      | { data?: unknown }
      | undefined
    const models: unknown[] = Array.isArray(answer?.data) ? answer.data : []
    return models.filter(isModel).slice(0, MOST_MODELS)
  } catch {
    // Not reachable, or not one of ours.
    return []
  }
}

function isModel(value: unknown): value is { id: string } {
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string'
}

/** All providers, page by page, or the one asked for. */
export async function* providers(
  client: PublicClient,
  { deployment, providerId }: Pick<findProvider.Options, 'deployment' | 'providerId'>,
): AsyncGenerator<Registry.Provider> {
  if (providerId !== undefined) {
    yield await Registry.get(client, { deployment, providerId })
    return
  }
  let cursor: bigint | undefined
  do {
    const page = await Registry.list(client, { cursor, deployment })
    yield* page.providers
    cursor = page.nextCursor
  } while (cursor !== undefined)
}
