import { Cron, type TriggerConfig } from '@jejunetwork/sdk'
import { type Hex, isAddress, isHex, pad, toEventSelector } from 'viem'
import type { Input } from '../context.ts'
import { UsageError } from '../errors.ts'
import { eventOf } from '../eventNames.ts'
import { address, quorumId, whole } from '../input.ts'

type Options = Input['options']

/** What the options of `trigger create` say. */
export function configOf(options: Options): TriggerConfig.Config {
  const given = ['cron', 'webhook', 'event'].filter((name) => options[name] !== undefined)
  if (given.length !== 1) throw new UsageError('A trigger is one of --cron, --webhook and --event.')
  const call = callOf(options)
  const { cron, event, utcOffset, webhook } = options
  if (webhook !== undefined) {
    const payload = options['payloadHash'] === true ? 'hash' : 'full'
    return { ...call, key: keyOf(options), kind: 'webhook', payload }
  }
  if (event !== undefined) {
    const emitter = address('--event', event)
    return { ...call, emitter, kind: 'event', topics: topicsOf(options['topics']), ...sourceOf(options) }
  }
  return {
    ...call,
    expression: String(cron),
    kind: 'cron',
    policy: options['backfill'] === true ? 'backfill' : 'coalesce',
    utcOffset: utcOffset === undefined ? 0 : Cron.parseOffset(String(utcOffset)),
  }
}

const KEYS = ['secp256k1', 'p256', 'erc1271'] as const

function keyOf({ keyType = 'secp256k1', webhook }: Options): TriggerConfig.Key {
  const type = KEYS.find((one) => one === keyType)
  if (type === undefined)
    throw new UsageError(`--key-type is one of ${KEYS.join(', ')}; it was ${JSON.stringify(keyType)}.`)
  if (type === 'p256') return { publicKey: bytesOf('--webhook, of a P-256 key,', webhook, 64), type }
  return { address: address('--webhook', webhook), type }
}

/** Where the logs are of another chain. */
function sourceOf({ chain, quorum }: Options): Pick<TriggerConfig.EventConfig, 'otherChain'> {
  if (chain === undefined && quorum === undefined) return {}
  if (chain === undefined || quorum === undefined)
    throw new UsageError(
      'Logs of another chain need both --chain and --quorum, the attesters whose word it is.',
    )
  return { otherChain: { chainId: whole('--chain', chain), quorumId: quorumId('--quorum', quorum) } }
}

/** Topics by place, with spaces between: an event's signature, 32 bytes, an address, or `any`. */
function topicsOf(text: unknown): (Hex | null)[] {
  return wordsIn(text).map((word) => {
    if (word === 'any') return null
    if (isAddress(word, { strict: false })) return pad(word, { size: 32 })
    if (SIGNATURE.test(word)) return toEventSelector(eventOf(word))
    return bytesOf('A topic', word, 32)
  })
}

/** The event that the topics name by its signature, if they do. */
export function signatureIn({ topics }: Options): string | undefined {
  return wordsIn(topics).find((word) => SIGNATURE.test(word))
}

const SIGNATURE = /^\w+\(.*\)$/

/** A signature is one word, whatever spaces are between its parentheses. */
function wordsIn(topics: unknown): readonly string[] {
  return topics === undefined
    ? []
    : String(topics)
        .trim()
        .split(/\s+(?![^(]*\))/)
}

function callOf({ data, gas, http, maxDelay, maxFailures, target }: Options): TriggerConfig.Call {
  if (http !== undefined) {
    if ([data, gas, target].some((given) => given !== undefined))
      throw new UsageError(
        'With --http the agent is called there and nothing on chain: leave out --target, --data and --gas.',
      )
    if (!/^https?:/.test(URL.parse(String(http))?.protocol ?? ''))
      throw new UsageError(`--http is an http or https URL; it was ${JSON.stringify(http)}.`)
  }
  return {
    ...(http === undefined ? {} : { gasLimit: 0 }),
    ...(data === undefined ? {} : { data: bytesOf('--data', data) }),
    ...(gas === undefined ? {} : { gasLimit: countOf('--gas', gas) }),
    ...(maxDelay === undefined ? {} : { maxDelay: countOf('--max-delay', maxDelay) * 60 }),
    ...(maxFailures === undefined ? {} : { maxFailures: countOf('--max-failures', maxFailures) }),
    ...(target === undefined ? {} : { target: address('--target', target) }),
  }
}

function countOf(what: string, text: unknown): number {
  if (typeof text === 'string' && /^\d{1,9}$/.test(text)) return Number(text)
  throw new UsageError(`${what} is a whole number; it was ${JSON.stringify(text)}.`)
}

function bytesOf(what: string, text: unknown, length?: number): Hex {
  const isBytes = typeof text === 'string' && isHex(text) && text.length % 2 === 0
  if (isBytes && (length === undefined || text.length === 2 + 2 * length)) return text
  throw new UsageError(
    `${what} is ${length ?? 'whole'} bytes in hexadecimal, from 0x on; it was ${JSON.stringify(text)}.`,
  )
}
