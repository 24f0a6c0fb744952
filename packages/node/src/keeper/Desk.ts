import type { Deployment } from '@jejunetwork/sdk'
import type { Hex, PublicClient } from 'viem'
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
  /** Up to which block events were heard, and up to which ids things are known. */
  known: { block: bigint | undefined; triggers: bigint; sessions: bigint; sweptAt: bigint }
}

/** One execution that the chain says is due. */
export type Due = {
  triggerId: bigint
  input: Hex
  /** Tick or nonce, for the log. */
  key: bigint
  gasLimit: bigint
  /** Undefined if nobody pays. */
  maxGasPrice: bigint | undefined
}

/** The block that is being made: what an execution sent now will see. */
export type Now = { time: bigint; baseFee: bigint }
