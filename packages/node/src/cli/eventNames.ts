import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { abis } from '@jejunetwork/sdk'
import {
  type AbiEvent,
  erc20Abi,
  erc721Abi,
  type Hex,
  parseAbiItem,
  toEventSelector,
  toEventSignature,
} from 'viem'
import type { Config } from './config.ts'
import { UsageError } from './errors.ts'

/** The event that a person names, such as `Transfer(address,address,uint256)`. Unlike a selector alone, this knows the types. */
export function eventOf(signature: string): AbiEvent {
  try {
    return parseAbiItem(`event ${signature}`) as AbiEvent
  } catch (cause) {
    throw new UsageError(`${signature} is no event's signature, such as Transfer(address,address,uint256).`, {
      cause,
    })
  }
}

/** What the first topics of logs are called: events of tokens, of this market, and those that were named on this machine. */
export function readEventNames(config: Config): (topic: Hex) => string | undefined {
  const common = [erc20Abi, erc721Abi, ...abis].flat().filter((item) => item.type === 'event')
  const events = [...common, ...namedHere(config).map(eventOf)]
  const names = new Map(events.map((event) => [toEventSelector(event), toEventSignature(event)]))
  return (topic) => names.get(topic)
}

/** Remembers an event, of which a trigger keeps the hash alone. */
export function rememberEvent(config: Config, signature: string): void {
  const name = toEventSignature(eventOf(signature))
  const known = namedHere(config)
  if (known.includes(name)) return
  const file = fileOf(config)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.new`, `${JSON.stringify([...known, name], null, 2)}\n`)
  renameSync(`${file}.new`, file)
}

const fileOf = ({ home }: Config) => join(home, 'events.json')

function namedHere(config: Config): readonly string[] {
  const file = fileOf(config)
  if (!existsSync(file)) return []
  try {
    const names: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names
  } catch (cause) {
    throw new UsageError(`${file} is no list of events in JSON; delete it.`, { cause })
  }
  throw new UsageError(`${file} is no list of events in JSON; delete it.`)
}
