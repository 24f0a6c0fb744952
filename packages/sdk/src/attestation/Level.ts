import type { Client, Hex } from 'viem'
import { readContract } from 'viem/actions'
import { AttestationRegistryAbi as abi, type Deployment } from '../Deployment.ts'
import { IntelStatuses, type TeeName, TeeNames } from './Names.ts'

/** What the chain says is proven of a provider now, and what it keeps of its last result. */
export type Level = {
  /** 0 claimed, 1 attested by a quorum, 2 verified on chain. */
  level: number
  /** Whose word level 1 is, who may be anyone; 0 for every other level. */
  quorumId: bigint
  tee: TeeName
  /** The first 27 bytes of the workload id. */
  workload: Hex
  /** The first 12 bytes of the platform id. */
  platformId: Hex
  /** In seconds; 0 where nothing is proven. */
  expiry: bigint
  /** The last result, whether or not it still counts. Its level is 0 where there never was one, or it was taken away. */
  kept: {
    level: number
    status: string
    evaluation: number
    expiry: bigint
    platformId: Hex
    /** The first 11 bytes of `Submission.evidenceHash`. */
    evidence: Hex
  }
}

/** Reads what the chain says of a provider's machine now. */
export async function levelOf(client: Client, options: levelOf.Options): Promise<Level> {
  const { deployment, providerId } = options
  const address = deployment.attestationRegistry
  const args = [providerId] as const
  const [[level, tee, workload, platformId, expiry, quorumId], kept] = await Promise.all([
    readContract(client, { abi, address, args, functionName: 'attestation' }),
    readContract(client, { abi, address, args, functionName: 'attestationOf' }),
  ])
  return {
    expiry: BigInt(expiry),
    kept: {
      evaluation: kept.evaluation,
      evidence: kept.evidence,
      expiry: BigInt(kept.expiry),
      level: kept.level,
      platformId: kept.platformId,
      status: IntelStatuses[kept.status] ?? 'unknown',
    },
    level,
    platformId,
    quorumId,
    tee: TeeNames[tee] ?? 'none',
    workload,
  }
}

export declare namespace levelOf {
  type Options = { deployment: Deployment; providerId: bigint }
}
