import type { Address, Hex } from 'viem'
import type { Outbox } from '../../send.ts'

/**
 * What a keeper remembers through a crash, in a file of its own or in a database that several keepers share. The chain alone
 * says what is done; what is lost here costs gas or a second look, never a second execution.
 * Warning: each call may reach the database twice, if the connection broke in between; the second time changes nothing.
 */
export type Store = {
  /** What this account signed and may still be mined. */
  outboxOf(lane: Address): Outbox
  /** Takes a lane until `close` or the end of this process; false if another process has it. */
  holdLane(lane: Address): Promise<boolean>
  deliveries: Deliveries
  calls: Calls
  logs: Logs
  leases: Leases
  cursors: Cursors
  /** Opens deliveries and logs anew that were closed in the last so many milliseconds: the chain was reorganised. */
  reopen(withinMs: number): Promise<void>
  /** Drops what has been over for so long. What is open stays. */
  forget(olderThanMs: number): Promise<void>
  close(): Promise<void>
}

/** Signed deliveries that came in and were found authentic. Each is stored before its sender hears so. */
export type Deliveries = {
  /** Stores it unless this trigger has one with this nonce; answers what is stored. */
  add(delivery: Pick<Delivery, 'triggerId' | 'nonce' | 'input'>): Promise<Delivery>
  get(triggerId: bigint, nonce: bigint): Promise<Delivery | undefined>
  /** Some of those still to be executed: the oldest of each trigger, in turn. */
  open(): Promise<readonly Delivery[]>
  close(triggerId: bigint, nonce: bigint, end: { state: Delivery['state']; reason?: string }): Promise<void>
}

export type Delivery = {
  triggerId: bigint
  nonce: bigint
  input: Hex
  state: 'accepted' | 'executed' | 'failed' | 'refused'
  /** Why it was refused, in the chain's words. */
  reason: string
}

/** Calls of agents over HTTP: a queue whose entries are tried until they are done or dead. */
export type Calls = {
  /** Puts a call in the queue unless its id is known. It is due at once. */
  add(call: Pick<Call, 'id' | 'triggerId' | 'key' | 'payload'>): Promise<void>
  get(id: string): Promise<Call | undefined>
  /** Takes up to `most` calls that are due, oldest first. Nobody else gets them for `leaseMs`. */
  take(options: { most: number; leaseMs: number }): Promise<readonly Call[]>
  /** Has a call tried again after a pause. */
  postpone(id: string, why: { inMs: number; reason: string }): Promise<void>
  end(id: string, end: { state: 'done' | 'dead'; reason: string }): Promise<void>
  /** The calls that were given up, newest first. */
  dead(options: { most: number }): Promise<readonly Call[]>
  /** Has a call that was given up tried anew; false if it was not given up. */
  replay(id: string): Promise<boolean>
}

export type Call = {
  /** The same through all attempts, such as `trigger-key`. */
  id: string
  triggerId: bigint
  key: bigint
  payload: Hex
  state: 'open' | 'done' | 'dead'
  /** How often it was taken. */
  attempts: number
  /** What the last attempt came to. */
  reason: string
}

/** Logs that event triggers wait for, from when they were seen until they were executed. Their proofs are made when needed. */
export type Logs = {
  /** Answers how many of them are new. */
  add(logs: readonly Pick<FoundLog, 'triggerId' | 'key'>[]): Promise<number>
  /** Some of those still to be executed: the oldest of each trigger, in turn. */
  open(): Promise<readonly FoundLog[]>
  close(triggerId: bigint, key: bigint, end: { state: FoundLog['state']; reason?: string }): Promise<void>
}

export type FoundLog = {
  triggerId: bigint
  /** Where it is: see `LogPlace.keyOf`. */
  key: bigint
  state: 'found' | 'executed' | 'failed' | 'refused'
  reason: string
}

/** Who works on what. A lease ends by itself, sooner than what it is about is due again. */
export type Leases = {
  /** Takes what nobody else holds; answers what is now the holder's. Time is the database's. */
  take(work: readonly string[], options: { holder: string; leaseMs: number }): Promise<ReadonlySet<string>>
  /** Gives back what is the holder's. */
  release(work: readonly string[], options: { holder: string }): Promise<void>
}

/** How far something was read. */
export type Cursors = {
  get(names: readonly string[]): Promise<ReadonlyMap<string, string>>
  set(names: readonly string[], position: string): Promise<void>
}
