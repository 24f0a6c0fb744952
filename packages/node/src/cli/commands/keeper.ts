import { join } from 'node:path'
import type { Address } from 'viem'
import { type KeeperConfig, start } from '../../keeper/keeper.ts'
import { createLog } from '../../log.ts'
import type { Config } from '../config.ts'
import { connect, type Market } from '../connect.ts'
import type { Input, Run } from '../context.ts'
import { UsageError } from '../errors.ts'
import { hooksFileOf } from '../hooks.ts'
import { address, port } from '../input.ts'
import { unlock } from '../keys.ts'

/** The keeper's daemon. It ends when interrupted, or killed: the next one goes on where it was. */
export const startKeeper: Run = async ({ config, output, signal }, input) => {
  const market = await connect(config)
  const { account, from } = await unlock(config, { market, role: 'keeper' })
  output.say(`Key from ${from}: ${account.address}.`)
  const log = createLog({ pretty: input.options['logJson'] !== true && process.stdout.isTTY === true })
  const { client } = market
  const keeper = await start(keeperSettings(config, { input, market }), { account, client, log, signal })
  const where =
    keeper.url === undefined ? '' : `; deliveries are taken at ${keeper.url}/v1/triggers/ID/deliveries`
  const watched = keeper.metricsUrl === undefined ? '' : `; metrics are at ${keeper.metricsUrl}/metrics`
  output.say(`Keeper ${keeper.address} runs${where}${watched}.`)
  await keeper.done
  return { exitCode: 0 }
}

function keeperSettings(config: Config, { input, market }: { input: Input; market: Market }): KeeperConfig {
  const { options } = input
  const host = typeof options['host'] === 'string' ? options['host'] : '127.0.0.1'
  const hooksFile = hooksFileOf(config)
  const webhooks = { hooksFile, host, port: port('--webhook-port', options['webhookPort'] ?? '4008') }
  const localAgents = options['localAgents'] === true
  if (localAgents && !market.isLocal)
    throw new UsageError(
      '--local-agents is for the local chain: elsewhere whoever makes a trigger would reach into this machine.',
    )
  return {
    localAgents,
    dataDir: join(config.home, 'keeper'),
    database: databaseOf(options['database'] ?? config.database),
    deployment: market.deployment,
    ...leaseOf(options['lease']),
    metricsPort:
      options['metricsPort'] === undefined ? undefined : port('--metrics-port', options['metricsPort']),
    pollMs: market.isLocal ? 500 : 4_000,
    sessions: options['sessions'] !== false,
    collateral: options['collateral'] === true ? { url: config.pccsUrl } : undefined,
    topUps: topUpsOf(options['topUps']),
    unpaid: options['unpaid'] === true,
    webhooks: options['webhooks'] === false ? undefined : webhooks,
  }
}

/** Where keepers share what they remember, as `--database` or the environment says. */
export function databaseOf(given: unknown): string | undefined {
  if (given === undefined) return undefined
  const url = URL.parse(String(given))
  if (url !== null && /^postgres(ql)?:$/.test(url.protocol)) return String(given)
  throw new UsageError('--database, or JEJU_DATABASE, is postgres://user:password@host:port/database.')
}

function leaseOf(given: unknown): { leaseMs?: number } {
  if (given === undefined) return {}
  const seconds = Number(given)
  if (!(seconds >= 1 && seconds <= 3_600))
    throw new UsageError(`--lease is a number of seconds from 1 to 3600; it was ${JSON.stringify(given)}.`)
  return { leaseMs: Math.round(seconds * 1_000) }
}

function topUpsOf(given: unknown): 'all' | readonly Address[] | undefined {
  if (given === undefined || given === 'all') return given
  return String(given)
    .split(',')
    .map((account) => address('Each account of --top-ups', account))
}
