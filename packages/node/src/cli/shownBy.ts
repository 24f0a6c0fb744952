import { Attestation } from '@jejunetwork/sdk'
import type { Market } from './connect.ts'
import { endpointOf } from './endpointOf.ts'
import { UsageError } from './errors.ts'
import { read } from './files.ts'
import { providerOf } from './providerOf.ts'

/** The evidence of a TEE in a file or, without one, what the provider's node has waiting for a verdict. */
export async function shownBy(
  market: Market,
  { file, providerId, signal }: shownBy.Options,
): Promise<Attestation.Evidence.Shown> {
  const provider = await providerOf(market, providerId)
  const evidence =
    file === undefined
      ? await Attestation.Evidence.fetchFrom(endpointOf(provider, market.deployment), { next: true, signal })
      : Attestation.Evidence.fromJson(read('--evidence', file))
  if (evidence.tee !== 'none') return evidence
  throw new UsageError(
    `Provider ${providerId} shows no TEE, so there is nothing to judge: ${evidence.reason}`,
  )
}

export declare namespace shownBy {
  type Options = { file: unknown; providerId: bigint; signal: AbortSignal }
}
