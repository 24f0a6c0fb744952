import { type Deployment, Inference, type Price, Registry } from '@jejunetwork/sdk'
import type { Address, PublicClient } from 'viem'

/** Where a model is served, and for how much. */
export type Offer = { providerId: bigint; provider: Address; endpoint: string; price: Price }

const PROBE_MS = 3_000

/** The cheapest active provider that has posted a price for the model and serves it now; undefined if there is none. */
export async function findProvider(
  client: PublicClient,
  options: findProvider.Options,
): Promise<Offer | undefined> {
  const offers: Offer[] = []
  for await (const provider of providers(client, options)) {
    const { deployment, model } = options
    const price = await Inference.modelOf(client, { deployment, model, provider: provider.owner })
    const { endpoint, owner, providerId } = provider
    if (provider.active && price)
      offers.push({ endpoint: endpoint.replace(/\/+$/, ''), price, provider: owner, providerId })
  }

  offers.sort((a, b) =>
    Number(a.price.inputPrice + a.price.outputPrice - b.price.inputPrice - b.price.outputPrice),
  )
  for (const offer of offers)
    if ((await modelsAt(offer.endpoint)).some(({ id }) => id === options.model)) return offer
  return undefined
}

export declare namespace findProvider {
  type Options = {
    deployment: Deployment
    model: string
    /** Ask this one alone. */
    providerId?: bigint | undefined
  }
}

/** The models that a provider serves; none if it does not answer. */
export async function modelsAt(endpoint: string): Promise<readonly { id: string }[]> {
  try {
    const response = await fetch(`${endpoint}/v1/models`, { signal: AbortSignal.timeout(PROBE_MS) })
    const { data } = (await response.json()) as { data?: { id: string }[] }
    return Array.isArray(data) ? data : []
  } catch {
    // Not reachable, or not one of ours.
    return []
  }
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
