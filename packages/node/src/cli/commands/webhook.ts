import { Trigger } from '@jejunetwork/sdk'
import { type Address, type Hash, isAddressEqual } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'
import { connect, type Market } from '../connect.ts'
import type { Run } from '../context.ts'
import { UsageError } from '../errors.ts'
import { addHook, type Hook, hooksOn, readSecret, removeHook, shownHook } from '../hooks.ts'
import { whole } from '../input.ts'
import { unlock, walletOn } from '../keys.ts'
import { type Result, table } from '../output.ts'
import { triggerOf } from './triggerOf.ts'

export const add: Run = async ({ config, output }, { args, options }) => {
  const secret = options['secretFile'] === undefined ? undefined : readSecret(String(options['secretFile']))
  const market = await connect(config)
  const { deployment } = market
  const { agent, config: what, triggerId } = await triggerOf(market, args[0])
  if (what.kind !== 'webhook')
    throw new UsageError(
      `Trigger ${triggerId} is ${what.kind === 'event' ? 'an' : 'a'} ${what.kind} trigger; only webhook triggers take deliveries.`,
    )
  const { account } = await unlock(config, { market, role: 'user' })

  const hook = addHook(config, { deployment, secret, triggerId })
  const key = { address: hook.key, type: 'secp256k1' } as const
  if (isKey(what.key, hook.key)) return told(hook, { isInUse: true, state: 'signs for the trigger' })
  if (!isAddressEqual(agent, account.address)) {
    const state = `the trigger's agent, ${agent}, must call updateKey(${triggerId}, 0, ${hook.key})`
    return told(hook, { isInUse: false, state })
  }
  const update = Trigger.updateKey(walletOn(market, account), { deployment, key, triggerId })
  const { hash } = await output.during('Giving the trigger its key', update)
  return told(hook, { hash, isInUse: true, state: `signs for the trigger since ${hash}` })
}

function told(hook: Hook, { state, ...rest }: { isInUse: boolean; state: string; hash?: Hash }): Result {
  return { data: { ...hook, ...rest }, text: shownHook(hook, state) }
}

export const list: Run = async ({ config }) => {
  const market = await connect(config)
  const hooks = await Promise.all(
    hooksOn(config, market.deployment).map(async ({ deliveryKey, secrets, trigger }) => {
      const key = privateKeyToAddress(deliveryKey)
      return {
        key,
        secrets: secrets.length,
        state: await stateOf(market, { key, triggerId: BigInt(trigger) }),
        trigger,
      }
    }),
  )
  if (hooks.length === 0)
    return { data: hooks, text: 'There are no hooks here; see `jeju-compute keeper webhook add --help`.' }
  const rows = hooks.map(({ key, secrets, state, trigger }) => [trigger, key, `${secrets}`, state])
  return { data: hooks, text: table(['TRIGGER', 'SIGNED BY', 'SECRETS', 'STATE'], rows) }
}

export const remove: Run = async ({ config }, { args }) => {
  const triggerId = whole('The trigger', args[0])
  const { deployment } = await connect(config)
  if (!removeHook(config, { deployment, triggerId }))
    throw new UsageError(
      `Trigger ${triggerId} has no hook here; \`jeju-compute keeper webhook list\` lists them.`,
    )
  return { data: { triggerId }, text: `Webhooks for trigger ${triggerId} are no longer taken here.` }
}

async function stateOf(
  { client, deployment }: Market,
  { key, triggerId }: { key: Address; triggerId: bigint },
) {
  if (triggerId > (await Trigger.count(client, { deployment }))) return 'no such trigger'
  const { config, state } = await Trigger.get(client, { deployment, triggerId })
  return config.kind === 'webhook' && isKey(config.key, key) ? state : 'the trigger has another key'
}

function isKey(key: { type: string; address?: Address }, address: Address): boolean {
  return key.type === 'secp256k1' && key.address !== undefined && isAddressEqual(key.address, address)
}
