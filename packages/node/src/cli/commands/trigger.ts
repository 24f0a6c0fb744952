import { AgentRegistration, Cron, LogPlace, Trigger, type TriggerConfig, type Wallet } from '@jejunetwork/sdk'
import type { Address } from 'viem'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { eth } from '../../money.ts'
import { connect, type Market } from '../connect.ts'
import type { Context, Run } from '../context.ts'
import { UsageError } from '../errors.ts'
import { readEventNames, rememberEvent } from '../eventNames.ts'
import { gasPriceShown } from '../gasPriceShown.ts'
import { addHook, shownHook } from '../hooks.ts'
import { ether, time, whole } from '../input.ts'
import { unlock, walletOn } from '../keys.ts'
import { facts, table } from '../output.ts'
import { sponsor } from './sponsor.ts'
import { configOf, signatureIn } from './triggerConfig.ts'
import { triggerOf } from './triggerOf.ts'

const SHOWN = 5
const HASH_ALONE =
  'With --payload-hash the agent is called with the 32 bytes of the hash, not with the payload: keepers pass on what went on chain. Leave it out if the agent needs what was sent.'

export const create: Run = async (context, { options }) => {
  const hookKey = options['webhook'] === true ? generatePrivateKey() : undefined
  const config = configOf(hookKey ? { ...options, webhook: privateKeyToAddress(hookKey) } : options)
  const amount = options['fund'] === undefined ? undefined : ether('--fund', options['fund'])
  const endpoint = options['http'] === undefined ? undefined : String(options['http'])
  if (endpoint !== undefined && config.kind === 'webhook' && config.payload === 'hash')
    context.output.say(HASH_ALONE)
  const market = await connect(context.config)
  const { deployment } = market
  const { account } = await unlock(context.config, { market, role: 'user' })
  if (config.target === undefined && config.gasLimit !== 0)
    await sayIfNobodyIsCalled(context, market, account.address)
  if (amount !== undefined && !market.isLocal)
    await context.output.confirm(`Sponsor the trigger with ${eth(amount)}?`)

  const wallet = walletOn(market, account)
  if (endpoint !== undefined)
    await context.output.during('Saying where the agent is called', announce(market, { endpoint, wallet }))
  const signature = signatureIn(options)
  if (signature !== undefined) rememberEvent(context.config, signature)
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
      calls: endpoint && `${endpoint}, the endpoint of your agent ${account.address}`,
      'next run': nextTick === undefined ? undefined : time(nextTick),
      'paid by':
        amount === undefined
          ? `nobody yet: jeju-compute trigger fund ${triggerId} 0.05`
          : `you, ${eth(amount)}`,
      transaction: hash,
    })}${hook ? `\n${shownHook(hook)}` : ''}`,
  }
}

/** A call to an account without code succeeds and does nothing. */
async function sayIfNobodyIsCalled({ output }: Context, { client }: Market, agent: Address): Promise<void> {
  const code = await client.getCode({ address: agent })
  if (code !== undefined && code !== '0x') return
  output.say(
    `Without --target the agent itself is called, ${agent}, where there is no contract now: its runs will do nothing but cost. Name a contract by --target, or where it listens by --http.`,
  )
}

/** In the agent's registration of ERC-8004, where keepers look. */
function announce({ deployment }: Market, { endpoint, wallet }: { endpoint: string; wallet: Wallet }) {
  const { blockNumber, identityRegistry } = deployment
  return AgentRegistration.announce(wallet, { endpoint, fromBlock: BigInt(blockNumber), identityRegistry })
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
    briefly(trigger.config),
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
    Trigger.runs(client, { deployment, limit: SHOWN, triggerId }),
  ])
  const event = eventNamed(what, readEventNames(config))
  const last = runs.map((run) => `${shownKey(trigger, run.key)} ${run.success ? 'done' : 'failed'}`)
  return {
    data: { ...trigger, event, lastRuns: runs, nextTicks: ticks },
    text: facts({
      trigger: `${triggerId}, ${state}`,
      when: whenOf(what, event),
      agent: trigger.agent,
      calls:
        trigger.gasLimit === 0n
          ? 'its agent over HTTP, nobody on chain'
          : `${trigger.target} with ${trigger.gasLimit} gas`,
      data:
        trigger.gasLimit === 0n
          ? undefined
          : what.data === '0x'
            ? 'onTrigger(uint256,uint256,bytes)'
            : what.data,
      'next runs': ticks.map(time).join(', ') || undefined,
      'paid by': payer === undefined ? 'nobody: no keeper is repaid' : payer.account,
      balance: payer && `${eth(payer.balance)}, ${eth(payer.refillable)} more in the sponsor's ledger`,
      'leaves from':
        payer?.withdrawableAt === undefined
          ? undefined
          : `${time(payer.withdrawableAt)} on: the sponsor gave notice`,
      'gas price': payer && `up to ${gasPriceShown(payer.maxGasPrice)}`,
      'last results': last.join(', ') || 'none',
      'failures in a row': trigger.failuresInARow === 0 ? undefined : String(trigger.failuresInARow),
    }),
  }
}

export const logs: Run = async ({ config, output }, { args, options }) => {
  const limit = Number(whole('--limit', options['limit'] ?? '50'))
  const market = await connect(config)
  const trigger = await triggerOf(market, args[0])
  const { triggerId } = trigger
  const read = Trigger.runs(market.client, { deployment: market.deployment, limit, triggerId })
  const runs = await output.during('Reading the chain', read)
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
  change(context, {
    args,
    by: Trigger.deactivate,
    question: `End trigger ${args[0]} for ever? Its sponsor's balance stays his.`,
    to: 'deactivated',
  })

type Change = {
  args: readonly string[]
  by: typeof Trigger.pause
  /** What to ask first, where there is no way back. */
  question?: string
  to: Trigger.Trigger['state']
}

async function change({ config, output }: Context, { args, by, question, to }: Change) {
  const market = await connect(config)
  const { state, triggerId } = await triggerOf(market, args[0])
  if (state === 'deactivated') throw new UsageError(`Trigger ${triggerId} is deactivated, for ever.`)
  if (question !== undefined && !market.isLocal) await output.confirm(question)
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

function eventNamed(
  config: TriggerConfig.Config,
  nameOf: ReturnType<typeof readEventNames>,
): string | undefined {
  const [topic = null] = (config.kind === 'event' && config.topics) || []
  return topic === null ? undefined : nameOf(topic)
}

/** In a table there is no room for topics. */
function briefly(config: TriggerConfig.Config): string {
  return whenOf(config.kind === 'event' ? { ...config, topics: [] } : config)
}

/** `event` is what the first topic is the hash of, if that is known. */
function whenOf(config: TriggerConfig.Config, event?: string): string {
  if (config.kind === 'cron') {
    const { expression, policy, utcOffset = 0 } = config
    const where = utcOffset === 0 ? 'UTC' : `UTC${Cron.formatOffset(utcOffset)}`
    return `${expression} ${where}${policy === 'backfill' ? ', every tick' : ''}`
  }
  if (config.kind === 'event') {
    const topics = config.topics?.map((topic, at) => (at === 0 && event) || (topic ?? 'any')).join(', ')
    const { chainId, quorumId } = config.otherChain ?? {}
    const source = chainId ? ` on chain ${chainId}, attested by quorum ${quorumId}` : ''
    return `logs of ${config.emitter}${topics ? ` with ${topics}` : ''}${source}`
  }
  return `deliveries signed by ${config.key.type === 'p256' ? 'a P-256 key' : config.key.address}`
}

function shownKey({ kind }: Trigger.Trigger, key: bigint): string {
  if (kind === 'cron') return time(key)
  if (kind === 'webhook') return `delivery ${key}`
  const { logIndex, number, transactionIndex } = LogPlace.ofKey(key)
  return `block ${number}, transaction ${transactionIndex}, log ${logIndex}`
}
