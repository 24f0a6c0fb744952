import type { Deployment, ReceiptProof, TriggerConfig } from '@jejunetwork/sdk'
import type { Hash, PublicClient } from 'viem'
import type { Log } from '../log.ts'
import type { Sender } from '../send.ts'
import type { Agenda } from './Agenda.ts'
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
  /** Runs triggers without a sponsor too, at the keeper's own expense. */
  unpaid: boolean
  /** The event triggers there are. */
  watched: Map<bigint, TriggerConfig.EventConfig>
  /** Blocks of which logs were proven, for as long as they are still there. */
  proven: Map<bigint, ReceiptProof.ProvenBlock>
  /** How many blocks' logs the node gives at once. */
  spans: { logs: bigint }
  /** Up to which block events were heard, and up to which ids things are known. */
  known: { block: Head | undefined; triggers: bigint; sessions: bigint; sweptAt: bigint }
}

/** A block that was the newest one when it was looked at. */
export type Head = { number: bigint; hash: Hash; timestamp: bigint }

/** The block that is being made: what an execution sent now will see. */
export type Now = { number: bigint; time: bigint; baseFee: bigint }
