import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Deployment } from '@jejunetwork/sdk'
import type { Address, Hex } from 'viem'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { type HookEntry, isOf, readHooks, writeHooks } from '../keeper/gateway/HookFile.ts'
import { parseSecret } from '../keeper/gateway/StandardWebhook.ts'
import type { Config } from './config.ts'
import { UsageError } from './errors.ts'
import { facts } from './output.ts'

/** Where a keeper listens unless told otherwise. */
const URL = 'http://127.0.0.1:4008'

/** What a person must know of a hook. The secret is there if it was made just now; it is told this once. */
export type Hook = { triggerId: bigint; key: Address; url: string; secret: string | undefined }
type Place = { deployment: Deployment; triggerId: bigint }

export const hooksFileOf = (config: Config): string => join(config.home, 'keeper/webhooks.json')

/** Writes a trigger's hook, or adds a sender's secret to the hook that it has. With a key, the trigger is new and so is its hook. */
export function addHook(config: Config, options: addHook.Options): Hook {
  const { deliveryKey, deployment, secret, triggerId } = options
  const file = hooksFileOf(config)
  const all = readHooks(file)
  const old = all.find((entry) => isFor(entry, options))
  const kept = deliveryKey === undefined ? old : undefined
  const made =
    kept === undefined && secret === undefined ? `whsec_${randomBytes(32).toString('base64')}` : undefined
  const entry = {
    chainId: deployment.chainId,
    deliveryKey: kept?.deliveryKey ?? deliveryKey ?? generatePrivateKey(),
    registry: deployment.triggerRegistry,
    secrets: [...new Set([...(kept?.secrets ?? []), secret ?? made].filter((one) => one !== undefined))],
    trigger: String(triggerId),
  }
  writeHooks(file, [...all.filter((other) => other !== old), entry])
  const url = `${URL}/v1/triggers/${triggerId}/deliveries`
  return { key: privateKeyToAddress(entry.deliveryKey), secret: made, triggerId, url }
}

export declare namespace addHook {
  type Options = Place & { secret?: string | undefined; deliveryKey?: Hex | undefined }
}

/** False if the trigger had none. */
export function removeHook(config: Config, place: Place): boolean {
  const file = hooksFileOf(config)
  const all = readHooks(file)
  const rest = all.filter((entry) => !isFor(entry, place))
  if (rest.length < all.length) writeHooks(file, rest)
  return rest.length < all.length
}

export function hooksOn(config: Config, deployment: Deployment): readonly HookEntry[] {
  return readHooks(hooksFileOf(config)).filter((entry) => isOf(entry, deployment))
}

/** A sender's own secret. It comes from a file: what is on a command line, others on the machine can read. */
export function readSecret(file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new UsageError(`The secret cannot be read from ${file}.`, { cause })
  }
  if (parseSecret(text) !== undefined) return text
  throw new UsageError(
    `${file} must hold a secret of Standard Webhooks: whsec_ and 24 to 64 bytes in base64, or whpk_ and an Ed25519 public key.`,
  )
}

export function shownHook({ key, secret, url }: Hook, state = 'signs for the trigger'): string {
  return facts({
    'send to': `${url}, where \`jeju-compute keeper start\` runs`,
    secret: secret === undefined ? undefined : `${secret} (shown this once)`,
    key: `${key}, ${state}`,
  })
}

function isFor(entry: HookEntry, { deployment, triggerId }: Place): boolean {
  return isOf(entry, deployment) && entry.trigger === String(triggerId)
}
