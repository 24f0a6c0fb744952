import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { ComputeError, type Deployment, isUnreachable, Rental } from '@jejunetwork/sdk'
import type { FastifyInstance } from 'fastify'
import type { Address, LocalAccount, PublicClient } from 'viem'
import { isLocalChain } from '../isLocalChain.ts'
import { openJournal } from '../journal.ts'
import { linked } from '../linked.ts'
import type { Log } from '../log.ts'
import { every } from '../loop.ts'
import { createSender, type Sender } from '../send.ts'
import { type AttestationConfig, openAttestation } from './attestation/attestation.ts'
import { hardwareClaim } from './hardware.ts'
import { addAgent } from './http/agent.ts'
import { addHardware } from './http/hardware.ts'
import { createServer } from './http/server.ts'
import { addSessions, type SshAccess } from './http/sessions.ts'
import type { InferenceConfig } from './inference/inference.ts'
import { lockFolder } from './lock.ts'
import { choosePort } from './port.ts'
import { ensureRegistered } from './register.ts'
import { chooseRuntime, type RuntimeConfig } from './runtime/choose.ts'
import type { Runtime } from './runtime/Runtime.ts'
import { openSessions, type Sessions } from './sessions.ts'
import { type Gateway, openGateway } from './ssh/gateway.ts'
import { openHostKey } from './ssh/hostKey.ts'

/** What a provider's node is told by its operator. */
export type ProviderConfig = RuntimeConfig & {
  deployment: Deployment
  /** What must survive a restart: the journal, the SSH host key, the machines of the process runtime. */
  dataDir: string
  host: string
  /** 0: any free one. */
  httpPort: number
  sshHost: string
  /** 0: any free one. */
  sshPort: number
  /** How the world reaches `httpPort`, put on chain; its port 0 means the one that is taken. */
  publicUrl: string
  pricePerHour: bigint
  stake: bigint
  inference: InferenceConfig | false
  attestation?: AttestationConfig | undefined
  /** Removes all machines when it ends. For a development market only: renters lose what they paid for. */
  removeMachinesOnClose: boolean
}

/** A node that serves. */
export type Provider = {
  readonly providerId: bigint
  readonly address: Address
  readonly httpUrl: string
  readonly sshPort: number
  /** As in `known_hosts`. */
  readonly hostKey: string
  readonly runtime: Runtime['kind']
  /** Resolves when the node has ended, by `close` or by its signal. */
  readonly done: Promise<void>
  /** Ends the node and leaves its machines running. */
  close(): Promise<void>
}

/** Starts a provider's node: registers or adopts the registration, serves machines and models until told to end. */
export async function start(config: ProviderConfig, deps: start.Deps): Promise<Provider> {
  const closers: (() => unknown)[] = []
  const end = async () => {
    for (const close of closers.splice(0).toReversed()) await close()
  }
  try {
    const stop = linked(deps.signal)
    const { signal } = stop
    const node = await open(config, { ...deps, closers, signal, stop })
    let closing: Promise<void> | undefined
    const close = () => {
      closing ??= end()
      return closing
    }
    const { promise: done, reject, resolve } = Promise.withResolvers<void>()
    done.catch(() => {})
    const finish = () => void close().then(resolve, reject)
    if (signal.aborted) finish()
    else signal.addEventListener('abort', finish, { once: true })
    return {
      ...node,
      async close() {
        finish()
        await done
      },
      done,
    }
  } catch (error) {
    await end()
    throw error
  }
}

export declare namespace start {
  type Deps = {
    client: PublicClient
    /** Owns the provider, and is staked and paid. */
    account: LocalAccount
    log: Log
    signal: AbortSignal
    onProgress?: ((message: string) => void) | undefined
  }
}

type Opening = start.Deps & { closers: (() => unknown)[]; stop: AbortController }

async function open(config: ProviderConfig, deps: Opening): Promise<Omit<Provider, 'close' | 'done'>> {
  const { account, client, closers, log, onProgress, signal } = deps
  const { dataDir, deployment } = config
  closers.push(lockFolder(dataDir))
  await assertChain(client, deployment)
  const httpPort = await choosePort({
    host: config.host,
    mend: 'choose another port with --port',
    port: config.httpPort,
  })
  const sshPort = await choosePort({
    host: config.sshHost,
    mend: 'choose another port with --ssh-port',
    port: config.sshPort,
  })
  const endpoint = publicUrl(config.publicUrl, httpPort)

  const sender = createSender({ account, client, log, signal })
  onProgress?.('detecting hardware')
  const hardware = await hardwareClaim({ dataDir, log, signal })
  const choice = await chooseRuntime(config, { chainId: deployment.chainId, log, onProgress, signal })
  onProgress?.('registering the provider')
  const { pricePerHour, stake } = config
  const registration = { client, deployment, endpoint, hardware, log, pricePerHour, sender, stake }
  const providerId = await ensureRegistered(registration)
  const { chainId, computeRental } = deployment
  const runtime = choice.open({ chainId, computeRental, providerId })
  if (config.removeMachinesOnClose) closers.push(() => removeAll(runtime))

  const ground = {
    capacity: choice.capacity,
    endpoint,
    hardware,
    httpPort,
    providerId,
    runtime,
    sender,
    sshPort,
  }
  return serve(config, { ...deps, ...ground })
}

type Ground = {
  capacity: number
  endpoint: string
  hardware: string
  httpPort: number
  providerId: bigint
  runtime: Runtime
  sender: Sender
  sshPort: number
}

/** Opens the doors, last the one that the world asks first. */
async function serve(
  config: ProviderConfig,
  deps: Opening & Ground,
): Promise<Omit<Provider, 'close' | 'done'>> {
  const { account, capacity, client, closers, endpoint, httpPort, log } = deps
  const { providerId, runtime, sender, signal, sshPort } = deps
  const { dataDir, deployment } = config
  const journal = openJournal(join(dataDir, 'journal.db'))
  closers.push(() => journal.close())
  const hostKey = await openHostKey(dataDir)
  let gateway: Gateway | undefined
  const access: SshAccess = {
    fingerprint: hostKey.fingerprint,
    host: new URL(endpoint).hostname,
    hostKey: hostKey.publicKey,
    port: sshPort,
  }
  const sessions = await openSessions({
    accessHash: Rental.accessHash(access),
    capacity,
    client,
    deployment,
    journal,
    log,
    onEnd: (sessionId) => gateway?.endSession(sessionId),
    providerId,
    runtime,
    sender,
    signal,
  })
  const { keyOf } = sessions
  gateway = await openGateway({ host: config.sshHost, hostKey, keyOf, log, port: sshPort, runtime })
  closers.push(gateway.close)

  const attestation = await openAttestation(config.attestation ?? {}, {
    ...deps,
    dataDir,
    deployment,
    journal,
    ssh: { host: access.host, hostKey: access.hostKey, port: access.port },
  })
  closers.push(attestation.end)
  const loop = watch(sessions, deps)
  closers.push(() => loop.end())
  const app = createServer({ onError: (error) => log.error('request failed', { error }) })
  describe(app, config, deps)
  addSessions(app, { access, sessions })
  attestation.routes(app)
  addHealth(app, { isFresh: loop.isFresh, kind: runtime.kind, providerId, sessions })
  if (config.inference !== false) {
    const { openInference } = await import('./inference/inference.ts')
    const inference = await openInference(config.inference, { ...deps, deployment, journal, sender })
    closers.push(inference.close)
    inference.routes(app)
  }
  closers.push(() => app.close())
  await app.listen({ host: config.host, port: httpPort })
  log.info('provider is up', { endpoint, providerId, runtime: runtime.kind, sshPort })
  return {
    address: account.address,
    hostKey: hostKey.publicKey,
    httpUrl: `http://${config.host}:${httpPort}`,
    providerId,
    runtime: runtime.kind,
    sshPort,
  }
}

/** What the node says of itself. */
function describe(app: FastifyInstance, config: ProviderConfig, deps: Opening & Ground): void {
  const { client, endpoint, hardware, providerId } = deps
  const servesModels = config.inference !== false
  addHardware(app, { hardware })
  addAgent(app, { client, deployment: config.deployment, endpoint, providerId, servesModels })
}

/** The loop that keeps sessions as the chain wants them. It says once that the chain is gone, and once that it is back. */
function watch(sessions: Sessions, { client, log, signal, stop }: Opening) {
  const isLocal = isLocalChain(client.chain?.id)
  const intervalMs = isLocal ? 500 : 4_000 + randomInt(500)
  let freshAt = Date.now()
  let isBroken = false
  const task = async () => {
    await sessions.pass(signal)
    if (isBroken) log.info('sessions are looked after again')
    isBroken = false
    freshAt = Date.now()
  }
  const onError = (error: unknown) => {
    if (!isBroken) log.warn('sessions cannot be looked after', { error, unreachable: isUnreachable(error) })
    isBroken = true
  }
  const running = every(intervalMs, task, { onError, signal })
  return {
    async end() {
      stop.abort()
      await running
      await sessions.settled()
    },
    isFresh: () => Date.now() - freshAt < 10 * intervalMs + 10_000,
  }
}

type Health = { isFresh: () => boolean; kind: Runtime['kind']; providerId: bigint; sessions: Sessions }

/** `GET /health`: 200 while the node keeps up with the chain, else 503. */
function addHealth(app: FastifyInstance, { isFresh, kind, providerId, sessions }: Health): void {
  app.get('/health', async (_request, reply) =>
    reply.code(isFresh() ? 200 : 503).send({
      machines: sessions.load(),
      providerId: providerId.toString(),
      runtime: kind,
      status: isFresh() ? 'ok' : 'behind',
    }),
  )
}

async function removeAll(runtime: Runtime): Promise<void> {
  for (const { sessionId } of await runtime.list()) await runtime.destroy(sessionId)
}

function publicUrl(url: string, port: number): string {
  const parsed = new URL(url)
  if (parsed.port === '0') parsed.port = String(port)
  return parsed.toString().replace(/\/$/, '')
}

async function assertChain(client: PublicClient, { chainId, computeRegistry }: Deployment): Promise<void> {
  const found = await client.getChainId()
  if (found !== chainId) throw new WrongChainError({ expected: chainId, found })
  const code = await client.getCode({ address: computeRegistry })
  if (code === undefined || code === '0x') throw new NoContractsError({ address: computeRegistry, chainId })
}

/** The RPC is of another chain than the deployment. */
export class WrongChainError extends ComputeError {
  override readonly name = 'WrongChainError'

  constructor({ expected, found }: { expected: number; found: number }) {
    super(`The RPC is of chain ${found}; the deployment is on chain ${expected}.`)
  }
}

/** The chain has no contracts where the deployment says. */
export class NoContractsError extends ComputeError {
  override readonly name = 'NoContractsError'

  constructor({ address, chainId }: { address: Address; chainId: number }) {
    super(`Chain ${chainId} has no contract at ${address}; check the deployment.`)
  }
}
