import {
  AttestationRegistryAbi,
  AttesterQuorumsAbi,
  ComputeRegistryAbi,
  ComputeRentalAbi,
  ComputeStakingAbi,
  contractNames,
  type Deployment,
  deployments,
  GuardianPanelAbi,
  IdentityRegistryAbi,
  InferenceServingAbi,
  LedgerManagerAbi,
  PccsAbi,
  ProviderDiscoveryAbi,
  ProviderFlagsAbi,
  ProviderRatingsAbi,
  SnpJudgeAbi,
  TriggerRegistryAbi,
} from '@jejunetwork/contracts'
import type { Abi } from 'viem'
import { ComputeError } from './Errors.ts'

export {
  AttestationRegistryAbi,
  AttesterQuorumsAbi,
  ComputeRegistryAbi,
  ComputeRentalAbi,
  ComputeStakingAbi,
  contractNames,
  type Deployment,
  GuardianPanelAbi,
  IdentityRegistryAbi,
  InferenceServingAbi,
  LedgerManagerAbi,
  PccsAbi,
  ProviderDiscoveryAbi,
  ProviderFlagsAbi,
  ProviderRatingsAbi,
  SnpJudgeAbi,
  TriggerRegistryAbi,
}

/** Every ABI of the house: one contract's refusal may come from another that it called. */
export const abis: readonly Abi[] = [
  AttestationRegistryAbi,
  AttesterQuorumsAbi,
  ComputeRegistryAbi,
  ComputeRentalAbi,
  ComputeStakingAbi,
  GuardianPanelAbi,
  IdentityRegistryAbi,
  InferenceServingAbi,
  LedgerManagerAbi,
  PccsAbi,
  ProviderFlagsAbi,
  ProviderRatingsAbi,
  SnpJudgeAbi,
  TriggerRegistryAbi,
]

/** The known deployment on a chain. */
export function deploymentOn(chainId: number): Deployment {
  const deployment = deployments[chainId]
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
