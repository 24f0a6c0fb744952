import type { Deployment, ReceiptProof, TriggerConfig } from '@jejunetwork/sdk'
import type { Hash, PublicClient } from 'viem'
import type { Log } from '../log.ts'
import type { Sender } from '../send.ts'
import type { Agenda } from './Agenda.ts'
import type { Metrics } from './Metrics.ts'
import type { Store } from './store/Store.ts'

/** What the keeper's parts work with. */
export type Desk = {
  client: PublicClient
  deployment: Deployment
  sender: Sender
  log: Log
  store: Store
  triggers: Agenda
  sessions: Agenda
  metrics: Metrics
  /** How long what this keeper works on is left to it by others. */
  leaseMs: number
  /** Until when what was not worth its gas is left alone. */
  resting: Map<string, bigint>
  /** Whether the node has eth_simulateV1, as far as is known. */
  simulates: boolean
  /** Runs triggers without a sponsor too, at the keeper's own expense. */
  unpaid: boolean
  /** The event triggers there are. */
  watched: Map<bigint, TriggerConfig.EventConfig>
  /** Blocks of which logs were proven, for as long as they are still there. */
  proven: Map<bigint, ReceiptProof.ProvenBlock>
  /** How many blocks' logs the node gives at once. */
  spans: { logs: bigint }
  known: Known
}

export type Known = {
  /** Up to which block events were heard. */
  block: Head | undefined
  /** In which block the last execution was. */
  executed: Omit<Head, 'timestamp'> | undefined
  /** Up to which ids things are known. */
  triggers: bigint
  sessions: bigint
  /** When everything was looked at last, by the chain's clock. */
  sweptAt: bigint
  /** When the chain answered last, by this process's. */
  lookedAt: number
}

/** A block that was the newest one when it was looked at. */
export type Head = { number: bigint; hash: Hash; timestamp: bigint }

/** The block that is being made: what an execution sent now will see. */
export type Now = { number: bigint; time: bigint; baseFee: bigint }

/** The chain's clock, and what gas costs: those of the block that is being made. */
export async function nowOf(client: PublicClient): Promise<Now> {
  const block = await client.getBlock({ blockTag: 'pending' })
  // A node may leave a pending block's number out; it is the one after the newest.
  const number = block.number ?? (await client.getBlockNumber({ cacheTime: 0 })) + 1n
  return { baseFee: block.baseFeePerGas ?? 0n, number, time: block.timestamp }
}
