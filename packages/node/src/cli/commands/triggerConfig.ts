import { Cron, type TriggerConfig } from '@jejunetwork/sdk'
import { type Address, getAddress, type Hex, isAddress, isHex } from 'viem'
import type { Input } from '../context.ts'
import { UsageError } from '../errors.ts'

type Options = Input['options']

/** What the options of `trigger create` say. */
export function configOf(options: Options): TriggerConfig.Config {
  const given = ['cron', 'webhook', 'event'].filter((name) => options[name] !== undefined)
  if (given.length !== 1) throw new UsageError('A trigger is one of --cron, --webhook and --event.')
  const call = callOf(options)
  const { cron, event, topic, utcOffset, webhook } = options
  if (webhook !== undefined)
    return { ...call, key: { address: addressOf('--webhook', webhook), type: 'secp256k1' }, kind: 'webhook' }
  if (event !== undefined) {
    const topics = topic === undefined ? [] : [bytesOf('--topic', topic, 32)]
    return { ...call, emitter: addressOf('--event', event), kind: 'event', topics }
  }
  return {
    ...call,
    expression: String(cron),
    kind: 'cron',
    policy: options['backfill'] === true ? 'backfill' : 'coalesce',
    utcOffset: utcOffset === undefined ? 0 : Cron.parseOffset(String(utcOffset)),
  }
}

function callOf({ data, gas, maxDelay, maxFailures, target }: Options): TriggerConfig.Call {
  return {
    ...(data === undefined ? {} : { data: bytesOf('--data', data) }),
    ...(gas === undefined ? {} : { gasLimit: countOf('--gas', gas) }),
    ...(maxDelay === undefined ? {} : { maxDelay: countOf('--max-delay', maxDelay) * 60 }),
    ...(maxFailures === undefined ? {} : { maxFailures: countOf('--max-failures', maxFailures) }),
    ...(target === undefined ? {} : { target: addressOf('--target', target) }),
  }
}

function countOf(what: string, text: unknown): number {
  if (typeof text === 'string' && /^\d{1,9}$/.test(text)) return Number(text)
  throw new UsageError(`${what} is a whole number; it was ${JSON.stringify(text)}.`)
}

function addressOf(what: string, text: unknown): Address {
  if (typeof text === 'string' && isAddress(text, { strict: false })) return getAddress(text)
  throw new UsageError(`${what} is an address, 0x and 40 hexadecimal digits; it was ${JSON.stringify(text)}.`)
}

function bytesOf(what: string, text: unknown, length?: number): Hex {
  const isBytes = typeof text === 'string' && isHex(text) && text.length % 2 === 0
  if (isBytes && (length === undefined || text.length === 2 + 2 * length)) return text
  throw new UsageError(
    `${what} is ${length ?? 'whole'} bytes in hexadecimal, from 0x on; it was ${JSON.stringify(text)}.`,
  )
}
