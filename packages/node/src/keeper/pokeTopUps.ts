import {
  ComputeRentalAbi,
  ContractRevertedError,
  InferenceServingAbi,
  LedgerManagerAbi,
  revertOf,
} from '@jejunetwork/sdk'
import { type Abi, type Address, type Hex, pad, parseEventLogs, toEventSelector } from 'viem'
import type { Desk } from './Desk.ts'
import { readLogs } from './events/readLogs.ts'

/** What a reorganisation put into blocks that were read is found by reading them again. */
const OVERLAP = 64n
const TOP_UP_SET = toEventSelector(
  'TopUpSet(address indexed account, address indexed service, bytes32 indexed key, address token, uint256 threshold, uint256 amount, uint256 perDay)',
)

type Place = { account: Address; service: Address; key: Hex }

/**
 * Refills what accounts had their ledger refill: sessions, balances and channels that run low. Anyone may, and nobody repays it, so
 * a stranger could have a keeper spend gas for ever: it serves the accounts that its operator names. Gives back what to run.
 */
export function createPoker(desk: Desk, { accounts }: createPoker.Options): () => Promise<void> {
  const places = new Map<string, Place>()
  let next = BigInt(desk.deployment.blockNumber)
  return async () => {
    next = await learn(desk, { accounts, from: next, places })
    for (const place of places.values()) await poke(desk, place)
  }
}

export declare namespace createPoker {
  type Options = { accounts: 'all' | readonly Address[] }
}

/** Reads which top-ups were set and ended; answers where to go on. */
async function learn(
  desk: Desk,
  { accounts, from, places }: createPoker.Options & { from: bigint; places: Map<string, Place> },
): Promise<bigint> {
  const { client, deployment } = desk
  const to = await client.getBlockNumber({ cacheTime: 0 })
  const whose = accounts === 'all' ? [] : [accounts.map((account) => pad(account))]
  const filter = { address: [deployment.ledgerManager], topics: [[TOP_UP_SET], ...whose] }
  const first = BigInt(deployment.blockNumber)
  for await (const { logs } of readLogs(desk, { filter, from, to }))
    for (const { args } of parseEventLogs({
      abi: LedgerManagerAbi,
      eventName: 'TopUpSet',
      logs: [...logs],
    })) {
      const { account, key, perDay, service } = args
      const name = nameOf({ account, key, service })
      if (perDay === 0n || abiOf(desk, service) === undefined) places.delete(name)
      else places.set(name, { account, key, service })
    }
  return to > first + OVERLAP ? to - OVERLAP : first
}

const nameOf = ({ account, key, service }: Place) => `top-up ${account} ${service} ${key}`

/** Only the house's own contracts are called: another service could do anything with the gas. */
function abiOf({ deployment: { computeRental, inferenceServing } }: Desk, service: Address): Abi | undefined {
  if (service === computeRental) return ComputeRentalAbi
  return service === inferenceServing ? InferenceServingAbi : undefined
}

async function poke(desk: Desk, place: Place): Promise<void> {
  const { client, leaseMs, log, sender, store } = desk
  const { account, key, service } = place
  const abi = abiOf(desk, service)
  if (abi === undefined) return
  const call = { abi, address: service, args: [account, key], functionName: 'topUp' } as const
  try {
    // Asked before it takes a turn among the transactions: most are not due.
    await client.simulateContract({ ...call, account: sender.address })
    const receipt = await sender.writeWhenFree(async () => {
      const mine = await store.leases.take([nameOf(place)], { holder: sender.address, leaseMs })
      return mine.size > 0 ? call : undefined
    })
    if (receipt !== undefined) log.info('topped up', place)
  } catch (error) {
    // Not due, used up, over, or another was faster.
    const isRefused = error instanceof ContractRevertedError || revertOf(error, call) !== undefined
    if (!isRefused) throw error
  }
}
