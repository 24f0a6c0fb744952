import { Attestation, PccsAbi as abi, ComputeError, ContractRevertedError } from '@jejunetwork/sdk'
import { parseEventLogs, toEventSelector } from 'viem'
import type { Desk } from './Desk.ts'
import { readLogs } from './events/readLogs.ts'

/** A platform model that the chain has had TCB info of, and by which of Intel's authorities its machines may be certified. */
type Platform = Pick<Attestation.Pcs.fetchCollateral.Options, 'authority' | 'fmspc' | 'tee'>

const TOPICS = abi.flatMap((item) =>
  item.type === 'event' && ['AuthorityAdded', 'PckRegistered', 'TcbInfoUpdated'].includes(item.name)
    ? [toEventSelector(item)]
    : [],
)
/** As the contract numbers them. */
const AUTHORITIES = { 2: 'platform', 3: 'processor' } as const
const TEES = ['sgx', 'tdx'] as const

/**
 * Brings Intel's newest collateral on chain for every platform model of which the chain knows a machine, at the keeper's own
 * expense, so that attestations neither end early nor outlive a revocation. Of the others anyone could bring TCB info once, for
 * keepers to renew for ever. Somebody faster is no failure. Gives back what to run.
 */
export function createRefresher(
  desk: createRefresher.Ground,
  { url }: createRefresher.Options,
): () => Promise<void> {
  const known: Known = { authorities: new Set(), machines: new Set(), platforms: new Map() }
  let next = BigInt(desk.deployment.blockNumber)
  return async () => {
    next = await learn(desk, { from: next, known })
    for (const platform of [...known.platforms.values()].filter(({ fmspc }) => known.machines.has(fmspc)))
      for (const authority of known.authorities)
        await refresh(desk, { platform: { ...platform, authority }, url })
  }
}

export declare namespace createRefresher {
  type Ground = Pick<Desk, 'client' | 'deployment' | 'log' | 'sender' | 'spans'>
  /** The collateral service; Intel's where undefined. */
  type Options = { url: string | undefined }
}

type Known = {
  authorities: Set<Platform['authority']>
  /** The models of machines whose certificates came on chain. */
  machines: Set<string>
  platforms: Map<string, Platform>
}

async function learn(
  desk: createRefresher.Ground,
  { from, known }: { from: bigint; known: Known },
): Promise<bigint> {
  const { client, deployment } = desk
  const to = await client.getBlockNumber({ cacheTime: 0 })
  const filter = { address: [deployment.pccs], topics: [TOPICS] }
  for await (const { logs } of readLogs(desk, { filter, from, to }))
    for (const { args, eventName } of parseEventLogs({ abi, logs: [...logs] })) {
      if (eventName === 'AuthorityAdded') {
        const authority = AUTHORITIES[args.kind as keyof typeof AUTHORITIES]
        if (authority) known.authorities.add(authority)
      } else if (eventName === 'PckRegistered') {
        known.machines.add(args.pck.fmspc.slice(2))
      } else if (eventName === 'TcbInfoUpdated') {
        const tee = TEES[args.tee] ?? 'tdx'
        known.platforms.set(`${tee} ${args.fmspc}`, {
          authority: 'platform',
          fmspc: args.fmspc.slice(2),
          tee,
        })
      }
    }
  return to + 1n
}

async function refresh(
  { client, deployment, log, sender }: createRefresher.Ground,
  { platform, url }: { platform: Platform; url: string | undefined },
): Promise<void> {
  try {
    const collateral = await Attestation.Pcs.fetchCollateral({ ...platform, url })
    const calls = await Attestation.Pccs.missing(client, { address: deployment.pccs, collateral })
    for (const call of calls) {
      await sender.write(call)
      log.info('collateral brought on chain', { call: call.functionName, ...platform })
    }
  } catch (error) {
    if (error instanceof ContractRevertedError)
      log.info('somebody was faster with collateral', { error, ...platform })
    else if (error instanceof ComputeError) log.warn('collateral cannot be refreshed', { error, ...platform })
    else throw error
  }
}
