import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createPublicClient, http, parseEther } from 'viem'
import { foundry } from 'viem/chains'
import { linked } from '../../linked.ts'
import { createLog, type Log } from '../../log.ts'
import { FolderTakenError, lockFolder } from '../../provider/lock.ts'
import { type ProviderConfig, start } from '../../provider/provider.ts'
import type { Config } from '../config.ts'
import type { Context, Run } from '../context.ts'
import { UsageError } from '../errors.ts'
import { port } from '../input.ts'
import { developmentAccount } from '../keys.ts'
import { embeddedModel } from '../model.ts'
import { forgetLocalChain, type LocalChain, startLocalChain } from './localChain.ts'
import { OrphanedError, untilOrphaned } from './orphan.ts'
import { assertFree } from './ports.ts'
import { summary } from './summary.ts'

const PRICE_PER_HOUR = parseEther('0.01')
const STAKE = parseEther('0.1')

type Ports = { rpc: number; http: number; ssh: number }

/** Runs a whole local market until interrupted, and leaves nothing running behind. */
export const dev: Run = async (context, { options }) => {
  const { config, output } = context
  if (!config.checkout)
    throw new UsageError(
      'The local market runs from the repository, which holds the contracts; clone it and `npm start`.',
    )
  const ports: Ports = {
    rpc: port('--rpc-port', options['rpcPort'] ?? '6546'),
    http: port('--port', options['port'] ?? '4007'),
    ssh: port('--ssh-port', options['sshPort'] ?? '2222'),
  }
  const signal = endsWithNpm(context)
  const release = hold(config.home)
  try {
    if (options['reset']) await forget(config)
    await assertFree(ports.rpc, { what: 'the chain', option: '--rpc-port' })
    await assertFree(ports.http, { what: 'the provider', option: '--port' })
    await assertFree(ports.ssh, { what: 'SSH', option: '--ssh-port' })
    const chain = await startLocalChain(config, { onProgress: output.step, port: ports.rpc, signal })
    try {
      await runProvider({ ...context, signal }, { chain, ports })
    } finally {
      output.say('Stopping …')
      await chain.anvil.close()
    }
  } finally {
    release()
  }
  return { exitCode: 0 }
}

function hold(home: string): () => void {
  try {
    return lockFolder(home)
  } catch (cause) {
    if (cause instanceof FolderTakenError) throw cause
    throw new UsageError(
      `The local market keeps its data in ${home}, which cannot be written to; set JEJU_HOME.`,
      { cause },
    )
  }
}

/** Aborts when asked to stop, and when npm dies without passing the news on, from the first moment. */
function endsWithNpm({ config, signal }: Context): AbortSignal {
  if (config.npmProcess === undefined) return signal
  const life = new AbortController()
  signal.addEventListener('abort', () => life.abort(signal.reason), { once: true })
  void untilOrphaned(config.npmProcess, signal).then(() => life.abort(new OrphanedError()))
  return life.signal
}

async function runProvider(
  { config, output, signal }: Context,
  options: { chain: LocalChain; ports: Ports },
): Promise<void> {
  const { chain, ports } = options
  const { rpcUrl } = chain.anvil
  const client = createPublicClient({ chain: foundry, pollingInterval: 500, transport: http(rpcUrl) })
  const account = developmentAccount('provider')
  const log = quietUntilOpen()
  const stop = linked(signal)
  const provider = await start(providerConfig(config, options), {
    account,
    client,
    log,
    onProgress: output.step,
    signal: stop.signal,
  })
  try {
    log.open()
    process.stdout.write(`${summary({ chain, config, ports, pricePerHour: PRICE_PER_HOUR, provider })}\n`)
    const ended = await Promise.race([
      aborted(signal),
      provider.done,
      chain.anvil.exited.then((how) => `The local chain ended by itself, with ${how}.`),
    ])
    if (ended) output.say(ended)
  } finally {
    stop.abort()
    await provider.close()
  }
}

function providerConfig(
  config: Config,
  { chain, ports }: { chain: LocalChain; ports: Ports },
): ProviderConfig {
  return {
    dataDir: join(config.home, 'provider'),
    deployment: chain.deployment,
    dockerSocket: config.dockerSocket,
    host: '127.0.0.1',
    httpPort: ports.http,
    inference: embeddedModel(),
    pricePerHour: PRICE_PER_HOUR,
    publicUrl: `http://127.0.0.1:${ports.http}`,
    removeMachinesOnClose: true,
    runtime: config.runtime,
    sshHost: '127.0.0.1',
    sshPort: ports.ssh,
    stake: STAKE,
    ...(config.image ? { image: config.image } : {}),
  }
}

/** While the market starts, its steps are told by progress lines and only trouble is logged. */
function quietUntilOpen(): Log & { open(): void } {
  const log = createLog({ pretty: true })
  let isOpen = false
  return {
    ...log,
    info(message, data) {
      if (isOpen) log.info(message, data)
    },
    open() {
      isOpen = true
    },
  }
}

async function forget(config: Config): Promise<void> {
  await forgetLocalChain(config)
  rmSync(join(config.home, 'provider'), { recursive: true, force: true })
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return undefined
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }))
}
