import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Inference, Registry, Rental, Staking, urlUnder } from '@jejunetwork/sdk'
import type { Address, LocalAccount } from 'viem'
import { createLog } from '../../log.ts'
import { eth, sumsIn } from '../../money.ts'
import { hardwareClaim } from '../../provider/hardware.ts'
import { type ProviderConfig, start } from '../../provider/provider.ts'
import { ensureRegistered } from '../../provider/register.ts'
import { createSender } from '../../send.ts'
import { attestedAs } from '../attestedAs.ts'
import type { Config } from '../config.ts'
import { connect, type Market } from '../connect.ts'
import type { Context, Input, Run } from '../context.ts'
import { assertFree } from '../dev/ports.ts'
import { UsageError } from '../errors.ts'
import { ether, port } from '../input.ts'
import { unlock, whose } from '../keys.ts'
import { embeddedModel } from '../model.ts'
import { facts } from '../output.ts'
import { providerIdOf } from '../providerOf.ts'

const PATIENCE_MS = 5_000

/** The operator's daemon. It ends when interrupted and tears nothing down: sessions go on when it is back. */
export const startProvider: Run = async (context, input) => {
  const { config, output, signal } = context
  const market = await connect(config)
  const { account, from } = await unlock(config, { market, role: 'provider' })
  output.say(`Key from ${from}: ${account.address}.`)
  const settings = await providerSettings(config, { input, market, owner: account.address })
  const { host, httpPort, sshHost, sshPort } = settings
  await assertFree(httpPort, { host, option: '--port', what: 'the HTTP API' })
  await assertFree(sshPort, { host: sshHost, option: '--ssh-port', what: 'SSH' })
  await agreeToStake(context, { market, owner: account.address, stake: settings.stake })

  const log = createLog({ pretty: input.options['logJson'] !== true && process.stdout.isTTY === true })
  const provider = await start(settings, {
    account,
    client: market.client,
    log,
    onProgress: output.step,
    signal,
  })
  output.say(
    `Provider ${provider.providerId} serves at ${provider.httpUrl}, SSH on port ${provider.sshPort}. Ctrl-C ends it; rentals go on when it is back.`,
  )
  await provider.done
  await provider.close()
  return { exitCode: 0 }
}

export const registerProvider: Run = async (context, input) => {
  const { config, output, signal } = context
  const market = await connect(config)
  const { account } = await unlock(config, { market, role: 'provider' })
  const settings = await providerSettings(config, { input, market, owner: account.address })
  await agreeToStake(context, { market, owner: account.address, stake: settings.stake })
  const providerId = await output.during('Registering', registerNow(settings, { account, market, signal }))
  return {
    data: {
      providerId,
      owner: account.address,
      endpoint: settings.publicUrl,
      pricePerHour: settings.pricePerHour,
    },
    text: facts({
      provider: String(providerId),
      endpoint: settings.publicUrl,
      price: `${eth(settings.pricePerHour)} an hour`,
      'start serving': 'jeju-compute provider start',
    }),
  }
}

export const providerStatus: Run = async ({ config }) => {
  const market = await connect(config)
  const { client, deployment } = market
  const { address: owner } = await whose(config, { market, role: 'provider' })
  const providerId = await providerIdOf(market, owner)

  const [provider, stake, earned, { sessionIds }] = await Promise.all([
    Registry.get(client, { deployment, providerId }),
    Staking.get(client, { account: owner, deployment }),
    Inference.balanceOf(client, { account: owner, deployment }),
    Rental.list(client, { deployment, providerId }),
  ])
  const sessions = await Promise.all(
    sessionIds.map(async (sessionId) => ({
      ...(await Rental.get(client, { deployment, sessionId })),
      token: await Rental.tokenOf(client, { deployment, sessionId }),
    })),
  )
  const sum = (key: 'collected' | 'matured' | 'unmatured') =>
    sumsIn(
      client,
      sessions.map((session) => ({ amount: session[key], token: session.token })),
    )
  const pay = [sum('collected'), sum('matured'), sum('unmatured')] as const
  const [collected, matured, unmatured] = await Promise.all(pay)
  const running = sessions.filter(({ status }) => status === 'running').length
  const health = await fetch(urlUnder(provider.endpoint, '/health'), {
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).then(
    (answer) => (answer.ok ? 'answers' : `answers ${answer.status}`),
    () => 'does not answer',
  )
  const attestation = await attestedAs(market, provider, { who: 'operator' })
  return {
    data: {
      ...provider,
      attestation,
      stake,
      health,
      sessions: { newest: sessionIds, running },
      inferenceBalance: earned,
    },
    text: facts({
      provider: `${providerId}, ${provider.active ? 'active' : 'inactive'}`,
      owner,
      endpoint: `${provider.endpoint} (${health})`,
      attestation,
      price: `${eth(provider.pricePerHour)} an hour`,
      stake: eth(stake.staked),
      'sessions running': String(running),
      'rental pay': `${collected} collected, ${matured} to collect, ${unmatured} maturing`,
      'earned by inference': eth(earned),
    }),
  }
}

/** What is not given is as it was registered, else as the help says. */
async function providerSettings(
  config: Config,
  { input, market, owner }: { input: Input; market: Market; owner: Address },
): Promise<ProviderConfig> {
  const { options } = input
  const { client, deployment } = market
  const providerId = await Registry.idOf(client, { deployment, owner })
  const registered =
    providerId === undefined ? undefined : await Registry.get(client, { deployment, providerId })
  const httpPort = port('--port', options['port'] ?? '4007')
  const text = (name: string, otherwise: string) =>
    typeof options[name] === 'string' ? options[name] : otherwise
  const tlsCertificate = options['tlsCertificate']
  return {
    attestation: {
      amdRoots: config.teeRoots.amdRoots,
      kdsUrl: config.kdsUrl,
      pccsUrl: config.pccsUrl,
      tlsCertificate: typeof tlsCertificate === 'string' ? tlsCertificate : undefined,
    },
    dataDir: join(config.home, 'provider'),
    deployment: market.deployment,
    dockerSocket: config.dockerSocket,
    host: text('host', '127.0.0.1'),
    httpPort,
    inference: options['inference'] === false ? false : embeddedModel(),
    pricePerHour:
      options['price'] === undefined && registered
        ? registered.pricePerHour
        : ether('--price', options['price'] ?? '0.01'),
    publicUrl: text('endpoint', publicOf(registered) ?? `http://127.0.0.1:${httpPort}`),
    removeMachinesOnClose: false,
    runtime: config.runtime,
    sshHost: text('sshHost', '127.0.0.1'),
    sshPort: port('--ssh-port', options['sshPort'] ?? '2222'),
    stake: ether('--stake', options['stake'] ?? '0.1'),
    ...(config.image ? { image: config.image } : {}),
  }
}

/** Where a node was said to be reached, unless that is this machine by itself, whose port may have changed. */
function publicOf(registered: Registry.Provider | undefined): string | undefined {
  return registered?.endpoint.startsWith('http://127.0.0.1:') ? undefined : registered?.endpoint
}

async function registerNow(
  { dataDir, pricePerHour, publicUrl: endpoint, stake }: ProviderConfig,
  { account, market, signal }: { account: LocalAccount; market: Market; signal: AbortSignal },
): Promise<bigint> {
  const { client, deployment } = market
  const log = createLog({ level: 'warn', pretty: true, to: process.stderr })
  const sender = createSender({ account, client, log, signal })
  mkdirSync(dataDir, { mode: 0o700, recursive: true })
  const hardware = await hardwareClaim({ dataDir, log, signal })
  return ensureRegistered({ client, deployment, endpoint, hardware, log, pricePerHour, sender, stake })
}

/** Registering moves the stake; an owner who is registered already pays nothing. */
async function agreeToStake(
  { output }: Context,
  { market, owner, stake }: { market: Market; owner: Address; stake: bigint },
): Promise<void> {
  const { client, deployment, isLocal } = market
  if ((await Registry.idOf(client, { deployment, owner })) !== undefined) return
  const [balance, { staked }] = await Promise.all([
    client.getBalance({ address: owner }),
    Staking.get(client, { account: owner, deployment }),
  ])
  if (balance + staked <= stake)
    throw new UsageError(
      `${owner} holds ${eth(balance)}, and a provider stakes ${eth(stake)} and pays gas; ${isLocal ? 'take play money with `jeju-compute wallet fund`' : 'send it more'}.`,
    )
  if (isLocal) return
  await output.confirm(`Register as a provider with a stake of ${eth(stake)}?`)
}
