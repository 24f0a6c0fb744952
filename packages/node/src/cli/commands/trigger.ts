import { Cron, Trigger, type TriggerConfig } from '@jejunetwork/sdk'
import { formatGwei, parseGwei } from 'viem'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { connect, type Market } from '../connect.ts'
import type { Context, Run } from '../context.ts'
import { UsageError } from '../errors.ts'
import { addHook, shownHook } from '../hooks.ts'
import { eth, ether, time, whole } from '../input.ts'
import { unlock, walletOn } from '../keys.ts'
import { facts, table } from '../output.ts'
import { configOf } from './triggerConfig.ts'

const DAY = 86_400n
const SHOWN = 5

export const create: Run = async (context, { options }) => {
  const hookKey = options['webhook'] === true ? generatePrivateKey() : undefined
  const config = configOf(hookKey ? { ...options, webhook: privateKeyToAddress(hookKey) } : options)
  const amount = options['fund'] === undefined ? undefined : ether('--fund', options['fund'])
  const market = await connect(context.config)
  const { deployment } = market
  const { account } = await unlock(context.config, { market, role: 'user' })
  if (amount !== undefined && !market.isLocal)
    await context.output.confirm(`Sponsor the trigger with ${eth(amount)}?`)

  const wallet = walletOn(market, account)
  const { hash, triggerId } = await context.output.during(
    'Creating',
    Trigger.create(wallet, { config, deployment }),
  )
  const hook = hookKey && addHook(context.config, { deliveryKey: hookKey, deployment, triggerId })
  if (amount !== undefined) {
    await context.output.during('Funding', sponsor({ account, market }, { amount, options, triggerId }))
  }
  const { nextTick } = await Trigger.get(market.client, { deployment, triggerId })
  return {
    data: { hash, hook, nextTick, triggerId },
    text: `${facts({
      trigger: String(triggerId),
      'next run': nextTick === undefined ? undefined : time(nextTick),
      'paid by':
        amount === undefined
          ? `nobody yet: jeju-compute trigger fund ${triggerId} 0.05`
          : `you, ${eth(amount)}`,
      transaction: hash,
    })}${hook ? `\n${shownHook(hook)}` : ''}`,
  }
}

export const list: Run = async ({ config, output }, { options }) => {
  const market = await connect(config)
  const { client, deployment } = market
  const limit = whole('--limit', options['limit'] ?? '20')
  const agent =
    options['all'] === true ? {} : { agent: (await unlock(config, { market, role: 'user' })).account.address }
  const read = async () => {
    const { triggerIds } = await Trigger.list(client, { deployment, limit, ...agent })
    return Promise.all(triggerIds.map((triggerId) => Trigger.get(client, { deployment, triggerId })))
  }
  const found = await output.during('Reading triggers', read())
  if (found.length === 0)
    return { data: found, text: 'There are no triggers yet; see `jeju-compute trigger create --help`.' }
  const rows = found.map((trigger) => [
    String(trigger.triggerId),
    trigger.state,
    whenOf(trigger.config),
    trigger.nextTick === undefined || trigger.state !== 'active' ? '' : time(trigger.nextTick),
    trigger.sponsor === undefined ? 'nobody pays' : eth(trigger.sponsor.balance),
  ])
  return { data: found, text: table(['ID', 'STATE', 'WHEN', 'NEXT RUN', 'BALANCE'], rows) }
}

export const show: Run = async ({ config }, { args }) => {
  const market = await connect(config)
  const trigger = await triggerOf(market, args[0])
  const { client, deployment } = market
  const { config: what, sponsor: payer, state, triggerId } = trigger
  const isActiveCron = trigger.kind === 'cron' && state === 'active'
  const [ticks, runs] = await Promise.all([
    isActiveCron ? Trigger.nextTicks(client, { deployment, runs: SHOWN, triggerId }) : [],
    Trigger.runs(client, { deployment, triggerId }),
  ])
  const last = runs
    .slice(-SHOWN)
    .map((run) => `${shownKey(trigger, run.key)} ${run.success ? 'done' : 'failed'}`)
  return {
    data: { ...trigger, lastRuns: runs.slice(-SHOWN), nextTicks: ticks },
    text: facts({
      trigger: `${triggerId}, ${state}`,
      when: whenOf(what),
      agent: trigger.agent,
      calls: trigger.gasLimit === 0n ? 'nobody on chain' : `${trigger.target} with ${trigger.gasLimit} gas`,
      data: what.data === '0x' ? 'onTrigger(uint256,uint256,bytes)' : what.data,
      'next runs': ticks.map(time).join(', ') || undefined,
      'paid by': payer === undefined ? 'nobody: no keeper is repaid' : payer.account,
      balance: payer && `${eth(payer.balance)}, ${eth(payer.refillable)} more in the sponsor's ledger`,
      'gas price': payer && `up to ${formatGwei(payer.maxGasPrice)} gwei`,
      'last results': last.join(', ') || 'none',
      'failures in a row': trigger.failuresInARow === 0 ? undefined : String(trigger.failuresInARow),
    }),
  }
}

export const fund: Run = async ({ config, output }, { args, options }) => {
  const amount = ether('The amount', args[1])
  const market = await connect(config)
  const { triggerId } = await triggerOf(market, args[0])
  const { account } = await unlock(config, { market, role: 'user' })
  if (!market.isLocal) await output.confirm(`Pay ${eth(amount)} for executions of trigger ${triggerId}?`)
  const { hash } = await output.during(
    'Funding',
    sponsor({ account, market }, { amount, options, triggerId }),
  )
  const { sponsor: payer } = await Trigger.get(market.client, { deployment: market.deployment, triggerId })
  return {
    data: { amount, balance: payer?.balance, hash, triggerId },
    text: facts({ funded: eth(amount), balance: payer && eth(payer.balance), transaction: hash }),
  }
}

export const logs: Run = async ({ config }, { args }) => {
  const market = await connect(config)
  const trigger = await triggerOf(market, args[0])
  const { triggerId } = trigger
  const runs = await Trigger.runs(market.client, { deployment: market.deployment, triggerId })
  if (runs.length === 0) return { data: runs, text: `Trigger ${triggerId} has not run yet.` }
  const rows = runs.map((run) => [
    shownKey(trigger, run.key),
    run.success ? 'done' : 'failed',
    eth(run.paid),
    run.executor,
    run.hash,
  ])
  return { data: runs, text: table(['FOR', 'RESULT', 'PAID', 'EXECUTOR', 'TRANSACTION'], rows) }
}

export const pause: Run = (context, { args }) => change(context, { args, by: Trigger.pause, to: 'paused' })
export const resume: Run = (context, { args }) => change(context, { args, by: Trigger.resume, to: 'active' })
export const deactivate: Run = (context, { args }) =>
  change(context, { args, by: Trigger.deactivate, to: 'deactivated' })

type Change = { args: readonly string[]; by: typeof Trigger.pause; to: Trigger.Trigger['state'] }

async function change({ config, output }: Context, { args, by, to }: Change) {
  const market = await connect(config)
  const { triggerId } = await triggerOf(market, args[0])
  const { account } = await unlock(config, { market, role: 'user' })
  const { deployment } = market
  const { hash } = await output.during(
    'Waiting for the chain',
    by(walletOn(market, account), { deployment, triggerId }),
  )
  return {
    data: { hash, state: to, triggerId },
    text: facts({ trigger: `${triggerId}, ${to}`, transaction: hash }),
  }
}

type Payer = { account: Parameters<typeof walletOn>[1]; market: Market }
type Payment = { amount: bigint; triggerId: bigint; options: Readonly<Record<string, unknown>> }

/** Adds to what the wallet sponsors already, on the same terms; else takes the sponsor's place. */
async function sponsor({ account, market }: Payer, { amount, options, triggerId }: Payment) {
  const { client, deployment } = market
  const wallet = walletOn(market, account)
  const { sponsor: payer } = await Trigger.get(client, { deployment, triggerId })
  const isMine = payer?.account === account.address
  const newTerms = options['days'] !== undefined || options['maxGasPrice'] !== undefined
  if (isMine && !newTerms && payer.balance + amount <= payer.perPeriod)
    return Trigger.fund(wallet, { amount, deployment, triggerId })

  const { timestamp } = await client.getBlock()
  const days = whole('--days', options['days'] ?? '365')
  const price = String(options['maxGasPrice'] ?? '100')
  if (!/^\d+(\.\d{1,9})?$/.test(price))
    throw new UsageError('--max-gas-price is a number of gwei such as 30.')
  return Trigger.sponsor(wallet, {
    deployment,
    expiry: timestamp + days * DAY,
    maxGasPrice: isMine && options['maxGasPrice'] === undefined ? payer.maxGasPrice : parseGwei(price),
    perPeriod: amount + (isMine ? payer.balance : 0n),
    triggerId,
    value: amount,
  })
}

/** The trigger that a person named. */
export async function triggerOf({ client, deployment }: Market, text: unknown): Promise<Trigger.Trigger> {
  const triggerId = whole('The trigger', text)
  if (triggerId > (await Trigger.count(client, { deployment })))
    throw new UsageError(`There is no trigger ${triggerId}; \`jeju-compute trigger list --all\` lists them.`)
  return Trigger.get(client, { deployment, triggerId })
}

function whenOf(config: TriggerConfig.Config): string {
  if (config.kind === 'cron') {
    const { expression, policy, utcOffset = 0 } = config
    const where = utcOffset === 0 ? 'UTC' : `UTC${Cron.formatOffset(utcOffset)}`
    return `${expression} ${where}${policy === 'backfill' ? ', every tick' : ''}`
  }
  if (config.kind === 'event') return `logs of ${config.emitter}`
  return `deliveries signed by ${config.key.type === 'p256' ? 'a P-256 key' : config.key.address}`
}

const shownKey = ({ kind }: Trigger.Trigger, key: bigint) => (kind === 'cron' ? time(key) : String(key))
