import * as contracts from '@jejunetwork/contracts'
import type { Abi } from 'viem'
import { ComputeError } from './Errors.ts'

export * from '@jejunetwork/contracts'

/** Every ABI of the house: one contract's refusal may come from another that it called. */
export const abis: readonly Abi[] = Object.entries(contracts).flatMap(([name, abi]) =>
  name.endsWith('Abi') ? [abi as Abi] : [],
)

/** The known deployment on a chain. */
export function deploymentOn(chainId: number): contracts.Deployment {
  const deployment = contracts.deployments[chainId]
  if (deployment === undefined) throw new ChainUnknownError({ chainId })
  return deployment
}

/** Nobody told this package where the contracts are on that chain. */
export class ChainUnknownError extends ComputeError {
  override readonly name = 'ChainUnknownError'

  constructor({ chainId }: { chainId: number }) {
    super(`No deployment is known on chain ${chainId}; pass its addresses.`)
  }
}
