import type { Deployment, Rental } from '@jejunetwork/sdk'
import type { Address, Hex, PublicClient } from 'viem'
import type { Log } from '../log.ts'
import type { Sender } from '../send.ts'
import type { Runtime } from './runtime/Runtime.ts'
import type { SessionRows } from './sessionRows.ts'

/** What serving sessions needs. */
export type Shop = {
  client: PublicClient
  deployment: Deployment
  log: Log
  providerId: bigint
  rows: SessionRows
  runtime: Runtime
  sender: Sender
  signal: AbortSignal
  /** Commits to how machines are reached. */
  accessHash: Hex
  /** Keeps room for a machine; false when all is given out. */
  takePlace(sessionId: bigint): boolean
  /** How often a machine could not be made. */
  tries: Map<bigint, number>
  /** What sessions are paid in, which never changes; the zero address for ether. */
  tokens: Map<bigint, Address>
}

/** A session of the chain, and whether it needs a machine. */
export type Seen = Rental.Session & { tenant: string; isOpen: boolean }
