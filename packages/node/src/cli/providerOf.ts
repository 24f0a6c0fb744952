import { abis, Registry, revertOf } from '@jejunetwork/sdk'
import type { Address } from 'viem'
import type { Market } from './connect.ts'
import { UsageError } from './errors.ts'

/** The provider with this id, or a sentence that helps. */
export async function providerOf(
  { client, deployment }: Market,
  providerId: bigint,
): Promise<Registry.Provider> {
  return Registry.get(client, { deployment, providerId }).catch((cause: unknown) => {
    const refused = revertOf(cause, { abis, functionName: 'getProvider' })
    if (refused?.errorName !== 'ProviderUnknown') throw cause
    throw new UsageError(`There is no provider ${providerId}; \`jeju-compute providers\` lists them.`, {
      cause,
    })
  })
}

/** The id of the provider that an account owns, or a sentence that helps. */
export async function providerIdOf({ client, deployment }: Market, owner: Address): Promise<bigint> {
  const providerId = await Registry.idOf(client, { deployment, owner })
  if (providerId !== undefined) return providerId
  throw new UsageError(`${owner} is no provider yet; see \`jeju-compute provider start --help\`.`)
}
