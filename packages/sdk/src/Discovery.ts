import { type Client, type Hex, keccak256, stringToHex, zeroHash } from 'viem'
import { readContract } from 'viem/actions'
import { type TeeName, TeeNames } from './attestation/Names.ts'
import {
  ProviderDiscoveryAbi as abi,
  ComputeRegistryAbi,
  type Deployment,
  ProviderFlagsAbi,
  ProviderRatingsAbi,
} from './Deployment.ts'
import * as Registry from './Registry.ts'

/** What providers are asked for. What is left out asks for anything. */
export type Filter = {
  /** The model as the provider claims it, word for word. */
  gpuModel?: string | undefined
  /** The least number of GPUs that the provider claims. */
  minGpuCount?: bigint | undefined
  /** The kind of TEE that is attested now. */
  tee?: TeeName | undefined
  /** The least level that is attested now: 1 by a quorum, 2 verified on chain. */
  minLevel?: number | undefined
  /** The quorum whose word counts as level 1; without one, level 1 counts for nothing, since anyone makes a quorum. */
  quorumId?: bigint | undefined
  /** In wei. */
  maxPricePerHour?: bigint | undefined
  /** Registered, active and staked. */
  rentable?: boolean | undefined
  /** Not flagged by the guardians. */
  unflagged?: boolean | undefined
}

/**
 * Ids of registered providers that the filter lets through, oldest first, searched on chain. A page looks at `limit` ids, so it
 * may be empty and not the last; `nextCursor` is undefined at the end.
 */
export async function find(client: Client, options: find.Options): Promise<find.Page> {
  const { cursor = 0n, deployment, filter = {}, limit = 20n } = options
  const { gpuModel, maxPricePerHour = 0n, minGpuCount = 0n, minLevel = 0, quorumId = 0n } = filter
  const asked = {
    gpuModelHash: gpuModel === undefined ? zeroHash : keccak256(stringToHex(gpuModel)),
    maxPricePerHour,
    minGpuCount,
    minLevel,
    quorumId,
    rentable: filter.rentable ?? false,
    teeType: TeeNames.indexOf(filter.tee ?? 'none'),
    unflagged: filter.unflagged ?? false,
  }
  const [providerIds, next] = await readContract(client, {
    abi,
    address: deployment.providerDiscovery,
    args: [asked, cursor, limit],
    functionName: 'find',
  })
  return { nextCursor: next === 0n ? undefined : next, providerIds }
}

export declare namespace find {
  type Options = { deployment: Deployment; filter?: Filter; cursor?: bigint | undefined; limit?: bigint }
  type Page = { providerIds: readonly bigint[]; nextCursor: bigint | undefined }
}

/** A mean of 1 to 5, to a tenth and rounded down, and of how many renters. */
export type Rating = { mean: number; count: bigint }

/** What others say of a provider. */
export type Standing = {
  /** The ERC-8004 agent that it is linked to; undefined if none. Warning: it may have been sold since. */
  agentId: bigint | undefined
  /** Why guardians flagged it; undefined if they did not. */
  flag: string | undefined
  /** What renters say, weighed by the ether that they paid where any did; undefined if nobody rated it. */
  rating: Rating | undefined
  /** What is proven of its machine now: 0 claimed, 1 attested by a quorum, 2 verified on chain. */
  level: number
  /** Whose word level 1 is, who may be anyone; 0 for every other level. */
  quorumId: bigint
  tee: TeeName
  /** The first 27 bytes of what runs there. */
  workload: Hex
  /** Until when it is proven, in unix seconds; 0 where nothing is. */
  expiry: number
}

/** What chain, attesters, guardians and renters say of a provider. */
export async function standingOf(client: Client, options: standingOf.Options): Promise<Standing> {
  const { deployment, providerId } = options
  const [agentId, [level, tee, workload, , expiry, quorumId], flag, rating] = await Promise.all([
    Registry.agentIdOf(client, { deployment, providerId }),
    readContract(client, {
      abi: ComputeRegistryAbi,
      address: deployment.computeRegistry,
      args: [providerId],
      functionName: 'attestation',
    }),
    readContract(client, {
      abi: ProviderFlagsAbi,
      address: deployment.providerFlags,
      args: [providerId],
      functionName: 'reasonOf',
    }),
    ratingOf(client, options),
  ])
  return {
    agentId,
    expiry,
    flag: flag === '' ? undefined : flag,
    level,
    quorumId,
    rating,
    tee: TeeNames[tee] ?? 'none',
    workload,
  }
}

export declare namespace standingOf {
  type Options = { deployment: Deployment; providerId: bigint }
}

async function ratingOf(client: Client, options: standingOf.Options): Promise<Rating | undefined> {
  const { deployment, providerId } = options
  const { count, paid, sum, weighted } = await readContract(client, {
    abi: ProviderRatingsAbi,
    address: deployment.providerRatings,
    args: [providerId],
    functionName: 'summaryOf',
  })
  if (count === 0n) return undefined
  const tenths = paid === 0n ? (sum * 10n) / count : (weighted * 10n) / paid
  return { count, mean: Number(tenths) / 10 }
}
