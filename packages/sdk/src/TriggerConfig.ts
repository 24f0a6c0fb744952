import {
  type Address,
  concat,
  encodePacked,
  getAddress,
  type Hex,
  hexToBigInt,
  hexToNumber,
  hexToString,
  isHex,
  size,
  slice,
  zeroAddress,
} from 'viem'
import * as Cron from './Cron.ts'
import { ComputeError } from './Errors.ts'

/** What a trigger is: when it is due, and whom it calls. `docs/triggers.md` tells the bytes. */
export type Config = CronConfig | WebhookConfig | EventConfig

/** The call, and how patient the trigger is. Each field has the default that `encode` gives it. */
export type Call = {
  /** Gas of the call, rounded up to thousands; 0 for no call on chain. Default 100,000. */
  gasLimit?: number
  /** Who is called, from the agent's forwarder; the agent itself unless given. */
  target?: Address
  /** The call's data; `onTrigger(uint256,uint256,bytes)` unless given. */
  data?: Hex
  /** Seconds after it is due in which it may still run, whole minutes. Default an hour. */
  maxDelay?: number
  /** Failures in a row after which it pauses; 0 for never. Default 3. */
  maxFailures?: number
}

/** Due at the ticks of a cron expression. */
export type CronConfig = Call & {
  kind: 'cron'
  /** As people write it; see `Cron.parse`. */
  expression: string
  /** Quarter hours from UTC; see `Cron.parseOffset`. Default 0. */
  utcOffset?: number
  /** Whether missed ticks fold into one run, or each is made up for, in order. Default `coalesce`. */
  policy?: 'coalesce' | 'backfill'
}

/** Due for each delivery that its key signed. */
export type WebhookConfig = Call & {
  kind: 'webhook'
  /** Whose signature a delivery needs. */
  key: Key
  /** Whether the payload itself goes on chain, or only its keccak-256. Default `full`. */
  payload?: 'full' | 'hash'
}

/** Due for each log of a contract that has its topics. */
export type EventConfig = Call & {
  kind: 'event'
  emitter: Address
  /** Topics that a log must have, by place; null takes any. */
  topics?: readonly (Hex | null)[]
  /** Logs of that chain, which is not the registry's, on the word of a quorum of attesters, which nothing proves. */
  otherChain?: { chainId: bigint; quorumId: bigint }
}

/** Whose signature a delivery needs: an account's, a P-256 key's or a contract's. */
export type Key =
  | { type: 'secp256k1' | 'erc1271'; address: Address }
  /** x and y, 64 bytes. */
  | { type: 'p256'; publicKey: Hex }

/** In the order of the contract's enum. */
export const kinds = ['cron', 'webhook', 'event'] as const

const KEYS = ['secp256k1', 'p256', 'erc1271'] as const
const VERSION = 1
const HEAD = 28
/** In the byte of topics: a chain's id and a quorum's follow. */
const OTHER_CHAIN = 16

/** The bytes that `createTrigger` takes. */
export function encode(config: Config): Hex {
  const { data = '0x', gasLimit = 100_000, maxDelay = 3_600, maxFailures = 3, target = zeroAddress } = config
  within('gas limit', gasLimit, { from: 0, to: 10_000_000 })
  within('most failures in a row', maxFailures, { from: 0, to: 255 })
  within('most minutes of delay', maxDelay / 60, { from: 1, to: 65_535 })
  within('length of the data', size(data), { from: 0, to: 4_096 })
  if (gasLimit === 0 && (size(data) > 0 || target !== zeroAddress))
    throw new TriggerConfigError(
      'A trigger whose gas limit is 0 makes no call: it takes neither target nor data.',
    )
  const head = encodePacked(
    ['uint8', 'uint8', 'uint16', 'uint16', 'address', 'uint16', 'bytes'],
    [VERSION, maxFailures, maxDelay / 60, Math.ceil(gasLimit / 1_000), target, size(data), data],
  )
  return concat([head, encodeTail(config)])
}

/** The config in a trigger's bytes, every field given. */
export function decode(kind: Config['kind'], bytes: Hex): Config {
  if (hexToNumber(slice(bytes, 0, 1)) !== VERSION)
    throw new TriggerConfigError(`This package reads version ${VERSION} of configs.`)
  const length = hexToNumber(slice(bytes, 26, 28))
  const call: Required<Call> = {
    data: cut(bytes, HEAD, HEAD + length),
    gasLimit: hexToNumber(slice(bytes, 4, 6)) * 1_000,
    maxDelay: hexToNumber(slice(bytes, 2, 4)) * 60,
    maxFailures: hexToNumber(slice(bytes, 1, 2)),
    target: getAddress(slice(bytes, 6, 26)),
  }
  return { ...call, ...decodeTail(kind, slice(bytes, HEAD + length)) }
}

/** A webhook's key as `updateKey` takes it: its kind, and its bytes. */
export function encodeKey(key: Key): readonly [kind: number, bytes: Hex] {
  if (key.type === 'p256') exactly("A P-256 key's x and y", key.publicKey, 64)
  else if (key.address === zeroAddress)
    throw new TriggerConfigError('The zero address can sign nothing: name a key.')
  return [KEYS.indexOf(key.type), key.type === 'p256' ? key.publicKey : key.address]
}

/** A config that no trigger can have. */
export class TriggerConfigError extends ComputeError {
  override readonly name = 'TriggerConfigError'
}

function encodeTail(config: Config): Hex {
  if (config.kind === 'cron') {
    const { expression, policy = 'coalesce', utcOffset = 0 } = config
    within('offset from UTC in quarter hours', utcOffset, { from: -56, to: 56 })
    const text = Cron.parse(expression)
    return encodePacked(['uint8', 'int8', 'string'], [policy === 'backfill' ? 1 : 0, utcOffset, text])
  }
  if (config.kind === 'webhook') {
    const { key, payload = 'full' } = config
    return encodePacked(['uint8', 'uint8', 'bytes'], [payload === 'hash' ? 1 : 0, ...encodeKey(key)])
  }
  const { emitter, otherChain, topics = [] } = config
  if (emitter === zeroAddress)
    throw new TriggerConfigError('The emitter is a contract; the zero address emits no logs.')
  within('number of topics', topics.length, { from: 0, to: 4 })
  for (const topic of topics) if (topic !== null) exactly('A topic', topic, 32)
  const mask = topics.reduce((bits, topic, index) => (topic === null ? bits : bits | (1 << index)), 0)
  const named = topics.filter((topic) => topic !== null)
  if (otherChain === undefined) return concat([encodePacked(['address', 'uint8'], [emitter, mask]), ...named])
  const { chainId, quorumId } = otherChain
  if (config.gasLimit === 0)
    throw new TriggerConfigError('Logs of other chains reach an agent by its call on chain, which needs gas.')
  if (chainId < 1n || chainId >= 2n ** 64n)
    throw new TriggerConfigError(`The id of another chain is from 1 to 2^64 - 1; it was ${chainId}.`)
  const source = encodePacked(['uint64', 'uint256'], [chainId, quorumId])
  return concat([encodePacked(['address', 'uint8'], [emitter, mask | OTHER_CHAIN]), source, ...named])
}

function decodeTail(kind: Config['kind'], tail: Hex) {
  const byte = (at: number) => hexToNumber(slice(tail, at, at + 1))
  if (kind === 'cron') {
    const policy: CronConfig['policy'] = byte(0) === 1 ? 'backfill' : 'coalesce'
    const utcOffset = hexToNumber(slice(tail, 1, 2), { signed: true, size: 1 })
    return { expression: hexToString(slice(tail, 2)), kind, policy, utcOffset }
  }
  if (kind === 'webhook') {
    const type = KEYS[byte(1)]
    const bytes = slice(tail, 2)
    const key: Key =
      type === undefined || type === 'p256'
        ? { publicKey: bytes, type: 'p256' }
        : { address: getAddress(bytes), type }
    const payload: WebhookConfig['payload'] = byte(0) === 1 ? 'hash' : 'full'
    return { key, kind, payload }
  }
  const mask = byte(20) & (OTHER_CHAIN - 1)
  const isElsewhere = byte(20) !== mask
  const topics: (Hex | null)[] = []
  let at = isElsewhere ? 61 : 21
  for (let index = 0; mask >> index !== 0; index++) {
    const named = (mask >> index) & 1
    topics.push(named ? slice(tail, at, at + 32) : null)
    at += named * 32
  }
  const emitter = getAddress(slice(tail, 0, 20))
  if (!isElsewhere) return { emitter, kind, topics }
  const otherChain = { chainId: hexToBigInt(slice(tail, 21, 29)), quorumId: hexToBigInt(slice(tail, 29, 61)) }
  return { emitter, kind, otherChain, topics }
}

function within(what: string, value: number, { from, to }: { from: number; to: number }): void {
  if (Number.isInteger(value) && value >= from && value <= to) return
  throw new TriggerConfigError(`The ${what} is a whole number from ${from} to ${to}; it was ${value}.`)
}

function exactly(what: string, bytes: Hex, length: number): void {
  if (isHex(bytes) && bytes.length === 2 + 2 * length) return
  throw new TriggerConfigError(
    `${what} has ${length} bytes, in hexadecimal from 0x on; it was ${JSON.stringify(bytes)}.`,
  )
}

/** Viem's `slice` refuses an empty one. */
const cut = (bytes: Hex, from: number, to: number): Hex => (to > from ? slice(bytes, from, to) : '0x')
