import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { ComputeError, type Deployment } from '@jejunetwork/sdk'
import { type Address, type Hex, isAddressEqual } from 'viem'
import { type LocalAccount, privateKeyToAccount } from 'viem/accounts'
import { parseSecret, type Secret } from './StandardWebhook.ts'

/** What turns a sender's Standard Webhooks into deliveries of one trigger. Whoever holds it can sign them. */
export type Hook = {
  trigger: bigint
  /** Signs deliveries; its address is the trigger's key. */
  account: LocalAccount
  secrets: readonly Secret[]
}

/** A hook as the file has it. Triggers have numbers, which mean nothing without the chain and its registry. */
export type HookEntry = {
  chainId: number
  registry: Address
  trigger: string
  deliveryKey: Hex
  secrets: readonly string[]
}

/** The hooks that a file holds; none if there is no file. The operator alone may read it. */
export function readHooks(path: string): readonly HookEntry[] {
  let text: string
  try {
    refuseLoose(path)
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw cause
  }
  const content = parse(text, path)
  if (!isHooks(content))
    throw new HookFileError(
      `${path} must hold {"hooks": […]}, as \`jeju-compute keeper webhook add\` writes it.`,
    )
  for (const [index, entry] of content.hooks.entries()) check(entry, { index, path })
  return content.hooks
}

/** Replaces what the file holds, whole or not at all. */
export function writeHooks(path: string, hooks: readonly HookEntry[]): void {
  mkdirSync(dirname(path), { mode: 0o700, recursive: true })
  const fresh = `${path}.${process.pid}`
  writeFileSync(fresh, `${JSON.stringify({ hooks }, null, 2)}\n`, { flush: true, mode: 0o600 })
  chmodSync(fresh, 0o600)
  renameSync(fresh, path)
}

/** Whether an entry is for a trigger of this registry. */
export function isOf({ chainId, registry }: HookEntry, deployment: Deployment): boolean {
  return chainId === deployment.chainId && isAddressEqual(registry, deployment.triggerRegistry)
}

export function hookOf({ deliveryKey, secrets, trigger }: HookEntry): Hook {
  return {
    account: privateKeyToAccount(deliveryKey),
    secrets: secrets.flatMap((secret) => parseSecret(secret) ?? []),
    trigger: BigInt(trigger),
  }
}

/** The hooks of a registry, read anew when the file changes: `add` and `remove` need no restart. */
export function openHooks(path: string, deployment: Deployment): (trigger: bigint) => Hook | undefined {
  let version: string | undefined
  let hooks = new Map<bigint, Hook>()
  const refresh = () => {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false })
    const now = found === undefined ? 'none' : `${found.ino} ${found.mtimeNs} ${found.size} ${found.mode}`
    if (now === version) return
    const entries = readHooks(path).filter((entry) => isOf(entry, deployment))
    hooks = new Map(entries.map((entry) => [BigInt(entry.trigger), hookOf(entry)]))
    version = now
  }
  refresh()
  return (trigger) => {
    refresh()
    return hooks.get(trigger)
  }
}

/** The file of hooks cannot be used as it is. */
export class HookFileError extends ComputeError {
  override readonly name = 'HookFileError'
}

function refuseLoose(path: string): void {
  const { mode } = statSync(path)
  if ((mode & 0o077) === 0) return
  const octal = (mode & 0o777).toString(8)
  throw new HookFileError(
    `${path} holds secrets and has mode ${octal}: others may read them. Run \`chmod 600 ${path}\`.`,
  )
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new HookFileError(`${path} is not JSON.`, { cause })
  }
}

function isHooks(content: unknown): content is { hooks: HookEntry[] } {
  return typeof content === 'object' && content !== null && 'hooks' in content && Array.isArray(content.hooks)
}

/** Warning: never says what it found: it may be a secret in the wrong place. */
function check(entry: HookEntry, { index, path }: { index: number; path: string }): void {
  const refuse = (what: string) => {
    throw new HookFileError(`${path}: in hook ${index + 1}, ${what}.`)
  }
  if (!Number.isInteger(entry?.chainId)) refuse('chainId is a number')
  if (!/^0x[0-9a-fA-F]{40}$/.test(entry.registry)) refuse('registry is an address')
  if (typeof entry.trigger !== 'string' || !/^[1-9]\d{0,30}$/.test(entry.trigger))
    refuse('trigger is a number in quotes')
  if (!/^0x[0-9a-fA-F]{64}$/.test(entry.deliveryKey)) refuse('deliveryKey is 32 bytes in hexadecimal')
  const { secrets } = entry
  if (!Array.isArray(secrets) || secrets.length === 0 || secrets.length > 8)
    refuse('secrets is a list of 1 to 8')
  if (secrets.some((secret) => typeof secret !== 'string' || parseSecret(secret) === undefined))
    refuse(
      'a secret is whsec_ and 24 to 64 bytes in base64, or whpk_ and the 32 bytes of an Ed25519 public key',
    )
}
