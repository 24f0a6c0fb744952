import { ComputeError } from '@jejunetwork/sdk'
import { isLocalChain } from '../isLocalChain.ts'

const OLDEST_SECONDS = 300

/**
 * Guards decisions against an RPC that answers, but with the past: one that still syncs, or a replica that lags. To it, new
 * sessions do not exist, and their machines would be removed. The local chain's clock is its users' own.
 */
export function watchHead({ chainId }: { chainId: number }): (timestamp: number) => void {
  let newest = 0
  return (timestamp) => {
    if (isLocalChain(chainId)) return
    if (timestamp < newest || timestamp < Date.now() / 1000 - OLDEST_SECONDS)
      throw new StaleHeadError({ timestamp })
    newest = timestamp
  }
}

/** What the RPC calls the newest block is not. */
export class StaleHeadError extends ComputeError {
  override readonly name = 'StaleHeadError'
  override readonly retryable = true

  constructor({ timestamp }: { timestamp: number }) {
    super(
      `The RPC's newest block is of ${new Date(timestamp * 1000).toISOString()}: it lags, or this clock is wrong.`,
    )
  }
}
