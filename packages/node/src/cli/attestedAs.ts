import { Attestation, ComputeError, type Registry } from '@jejunetwork/sdk'
import { toHex } from 'viem'
import type { Market } from './connect.ts'
import { time } from './input.ts'

/** What is proven of a provider's machine, in a line; for a claimed one, why, if its node says: in full to its operator. */
export async function attestedAs(
  { client, deployment }: Market,
  provider: Registry.Provider,
  { who }: { who: 'operator' | 'renter' },
): Promise<string> {
  const { providerId } = provider
  const { expiry, kept, level, quorumId, tee } = await Attestation.levelOf(client, { deployment, providerId })
  if (level === 2) return `level 2, verified on chain: ${tee}, ${kept.status}, until ${time(expiry)}`
  if (level === 1) return `level 1, on the word of quorum ${toHex(quorumId)}: ${tee}, until ${time(expiry)}`
  if (kept.level > 0)
    return `claimed: its attestation (${kept.status}) ended ${time(kept.expiry)} or no longer counts`
  return Attestation.Evidence.fetchFrom(provider.endpoint).then(
    (evidence) => {
      if (evidence.tee !== 'none') return 'claimed: not on chain yet'
      if (who === 'operator') return `claimed: ${evidence.reason.replace(/\.$/, '')}`
      return `claimed: nobody proved which machine this is, and \`jeju-compute verify ${providerId}\` says why`
    },
    (error: unknown) => {
      if (!(error instanceof ComputeError)) throw error
      return 'claimed'
    },
  )
}
