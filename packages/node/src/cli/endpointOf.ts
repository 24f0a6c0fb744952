import type { Registry } from '@jejunetwork/sdk'
import { baseUrl } from '../proxy/baseUrl.ts'
import { UsageError } from './errors.ts'

/** Where a provider is asked; refused where a stranger's word should not lead, as into this network. */
export function endpointOf(
  { endpoint, providerId }: Pick<Registry.Provider, 'endpoint' | 'providerId'>,
  deployment: { chainId: number },
): string {
  const url = baseUrl(endpoint, deployment)
  if (url !== undefined) return url
  throw new UsageError(
    `Provider ${providerId}'s endpoint, ${endpoint}, leads into a network of yours or to no plain URL, so it was not asked.`,
  )
}
