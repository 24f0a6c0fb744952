import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { Discovery, IdentityRegistryAbi, LedgerManagerAbi, Registry, Rental, Staking } from '@jejunetwork/sdk'
import { createPublicClient, formatEther, http, parseEther } from 'viem'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { accountOf, type Chain, startChain } from '../../../../test/chain.ts'
import { freePorts } from '../../../../test/jejuCompute.ts'
import { serve } from '../../../../test/serve.ts'
import { createLog } from '../log.ts'
import { type ProviderConfig, start } from './provider.ts'

const PRICE = parseEther('0.01')

let chain: Chain
let accounts = 1

beforeAll(async () => {
  chain = await startChain()
}, 180_000)
afterAll(() => chain?.close())

test('a stranger rents a machine, works on it, ends it, and pays for the seconds used', async () => {
  const { key, node, publicKey, rent, session, ssh } = await setup()
  const { deposit, sessionId } = await rent(24n)
  const running = await session(sessionId, 'running')
  expect(deposit).toBe(parseEther('0.24'))
  expect(running.sshPublicKey).toBe(publicKey)

  const { ssh: access, state } = await until(node.httpUrl, sessionId, 'running')
  expect(state).toBe('running')
  expect(running.accessHash).toBe(Rental.accessHash(access))
  expect(await ssh(sessionId, 'echo $((6 * 7)); exit 3')).toMatchObject({ code: 3, out: '42\n' })
  expect(await ssh(sessionId, 'true', { identity: makeKey('other').path })).toMatchObject({ code: 255 })
  expect(key).toBeTruthy()

  await chain.warp(1_800)
  const renter = chain.walletOf(9)
  const { earned, refund } = await Rental.terminate(renter, { deployment: chain.deployment, sessionId })
  expect(earned + refund).toBe(deposit)
  const { endTime, startTime } = await session(sessionId, 'ended')
  expect(earned).toBe((PRICE * (endTime - startTime)) / 3_600n)

  const gone = await until(node.httpUrl, sessionId, 'ended')
  expect(gone.ssh).toBeUndefined()
  expect(await ssh(sessionId, 'true')).toMatchObject({ code: 255 })
  await machines(node.httpUrl, 0)
})

test('a key that nobody could log in with is declined with its reason, and refunded', async () => {
  const { node, rent, renter, session } = await setup()
  const ledger = { abi: LedgerManagerAbi, address: chain.deployment.ledgerManager } as const
  const credit = () => chain.client.readContract({ ...ledger, args: [renter], functionName: 'getBalance' })
  const before = await credit()
  const { deposit, sessionId } = await rent(1n, 'ssh-rsa AAAA... user@host')
  await session(sessionId, 'declined')
  expect((await credit()) - before).toBe(deposit)
  expect((await until(node.httpUrl, sessionId, 'declined')).reason).toMatch(/malformed/)
})

test('a full node declines and keeps those that it has', async () => {
  const { rent, session, ssh } = await setup({ machines: 1 })
  const first = await rent(1n)
  await session(first.sessionId, 'running')
  const second = await rent(1n)
  await session(second.sessionId, 'declined')
  expect((await ssh(first.sessionId, 'echo mine')).out).toBe('mine\n')

  await Rental.terminate(chain.walletOf(9), { deployment: chain.deployment, sessionId: first.sessionId })
  await session(first.sessionId, 'ended')
  await expect
    .poll(
      async () => {
        const { sessionId } = await rent(1n)
        return settledStatus(sessionId)
      },
      { interval: 500, timeout: 10_000 },
    )
    .toBe('running')
})

test('what matured is collected, also of a session whose time ran out', async () => {
  const { node, rent, said, session } = await setup()
  expect(said()).toContain('"pricePerHour":"0.01 ETH"')
  const { deposit, sessionId } = await rent(1n)
  await session(sessionId, 'running')
  await chain.warp(3_700)
  await machines(node.httpUrl, 0)
  await chain.warp(3_700)
  await expect
    .poll(
      async () => (await Rental.get(chain.client, { deployment: chain.deployment, sessionId })).collected,
      {
        timeout: 10_000,
      },
    )
    .toBe(deposit)
  await expect.poll(said).toContain(`"amount":"${formatEther(deposit)} ETH","sessionIds":["${sessionId}"]`)
})

test('a node that was killed goes on where it was', async () => {
  const { config, index, rent, session, ssh } = await setup({ started: false })
  const first = await spawnNode(config, index)
  const kept = await rent(2n)
  const ended = await rent(2n)
  await session(kept.sessionId, 'running')
  await session(ended.sessionId, 'running')
  await until(first.url, kept.sessionId, 'running')
  await ssh(kept.sessionId, 'echo data > kept')
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')

  await Rental.terminate(chain.walletOf(9), { deployment: chain.deployment, sessionId: ended.sessionId })
  const pending = await rent(2n)
  const second = await spawnNode(config, index)
  expect(second.providerId).toBe(first.providerId)
  await session(pending.sessionId, 'running')
  expect((await ssh(kept.sessionId, 'cat kept')).out).toBe('data\n')
  await machines(second.url, 2)

  second.child.kill('SIGTERM')
  expect((await once(second.child, 'exit'))[0]).toBe(0)
  const third = await spawnNode(config, index)
  expect((await ssh(kept.sessionId, 'cat kept')).out).toBe('data\n')
  third.child.kill('SIGTERM')
  await once(third.child, 'exit')
})

test('while the chain cannot be asked, no machine is lost and renters can enter', async () => {
  const front = await openFront()
  const { node, rent, session, ssh } = await setup({ rpcUrl: front.url })
  const { sessionId } = await rent(2n)
  await session(sessionId, 'running')
  await until(node.httpUrl, sessionId, 'running')
  front.cut()
  await Rental.terminate(chain.walletOf(9), { deployment: chain.deployment, sessionId })
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  expect((await ssh(sessionId, 'echo still')).out).toBe('still\n')
  front.mend()
  await machines(node.httpUrl, 0)
})

test('a reorganisation that takes an activation back is made good', async () => {
  const own = await startChain()
  onTestFinished(own.close)
  const { rent, node } = await setup({ on: own })
  const { sessionId } = await rent(2n)
  const status = () => Rental.statusOf(own.client, { deployment: own.deployment, sessionId })
  await expect.poll(status, { timeout: 10_000 }).toBe('running')
  await until(node.httpUrl, sessionId, 'running')
  await own.client.request({ method: 'anvil_reorg', params: [1, []] } as never)
  await expect.poll(status, { timeout: 15_000 }).toBe('running')
  await machines(node.httpUrl, 1)
})

test('a restart adopts the registration and brings it up to date', async () => {
  const { config, node, restart } = await setup()
  const again = await restart({ pricePerHour: PRICE * 2n })
  expect(again.providerId).toBe(node.providerId)
  const options = { deployment: chain.deployment, providerId: node.providerId }
  const provider = await Registry.get(chain.client, options)
  expect(provider).toMatchObject({ active: true, endpoint: again.httpUrl, pricePerHour: PRICE * 2n })
  expect(await (await fetch(`${again.httpUrl}/v1/hardware`)).text()).toBe(provider.hardwareAttestation)
  const { staked } = await Staking.get(chain.client, {
    account: provider.owner,
    deployment: chain.deployment,
  })
  expect(staked).toBe(config.stake)
})

test('the node says which agent it is, where the agent says that its file is', async () => {
  const { node, restart } = await setup()
  const again = await restart({})
  const { client, deployment } = chain
  const { agentId } = await Discovery.standingOf(client, { deployment, providerId: node.providerId })
  if (agentId === undefined) throw new Error('The provider has no agent.')
  const uri = await client.readContract({
    abi: IdentityRegistryAbi,
    address: deployment.identityRegistry,
    args: [agentId],
    functionName: 'tokenURI',
  })
  expect(uri).toBe(`${again.httpUrl}/.well-known/agent-registration.json`)
  expect(await (await fetch(uri)).json()).toMatchObject({
    active: true,
    registrations: [
      { agentId: Number(agentId), agentRegistry: `eip155:31337:${deployment.identityRegistry}` },
    ],
    services: [{ endpoint: again.httpUrl, name: 'jeju-compute' }],
    supportedTrust: ['reputation', 'crypto-economic'],
    type: 'https://eips.ethereum.org/EIPS/eip-8004#registration-v1',
  })
})

test('two nodes cannot share a folder, and a taken port is named', async () => {
  const { attempt, config, node } = await setup()
  await expect(attempt(config)).rejects.toThrow(/Process \d+ works in/)
  const free = { ...config, dataDir: folder(), sshPort: 0 }
  await expect(attempt({ ...free, sshPort: node.sshPort })).rejects.toThrow(
    `Another program listens on port ${node.sshPort} of 127.0.0.1; end it, or choose another port with --ssh-port.`,
  )
  await expect(attempt({ ...free, dockerSocket: '/nowhere', runtime: 'docker' })).rejects.toThrow(
    /Docker does not answer at \/nowhere/,
  )
  const deployment = { ...config.deployment, chainId: 1 }
  await expect(attempt({ ...free, deployment })).rejects.toThrow(/The RPC is of chain 31337/)
})

test('what is asked wrong over HTTP gets a problem', async () => {
  const { node } = await setup()
  for (const [path, status] of [
    ['/v1/sessions/none', 400],
    ['/v1/sessions/999999', 404],
    ['/nowhere', 404],
  ] as const) {
    const answer = await fetch(node.httpUrl + path)
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(await answer.json()).toMatchObject({ detail: expect.any(String), status })
  }
})

type SetupOptions = { machines?: number; on?: Chain; rpcUrl?: string; started?: boolean }

/** A provider of its own, with the development account that is next; the renter is the last one. */
async function setup(options: SetupOptions = {}) {
  const on = options.on ?? chain
  const index = (accounts++ % 8) + 1
  const account = accountOf(index)
  const transport = http(options.rpcUrl ?? on.rpcUrl, { retryCount: 0 })
  const client = createPublicClient({ chain: foundry, pollingInterval: 50, transport })
  const [sshPort = 0] = await freePorts(1)
  const config: ProviderConfig = {
    dataDir: folder(),
    deployment: on.deployment,
    host: '127.0.0.1',
    httpPort: 0,
    inference: false,
    pricePerHour: PRICE,
    publicUrl: 'http://127.0.0.1:0',
    removeMachinesOnClose: true,
    runtime: 'process',
    sshHost: '127.0.0.1',
    sshPort,
    stake: parseEther('0.1'),
    ...(options.machines === undefined ? {} : { machines: options.machines }),
  }
  const said: string[] = []
  const attempt = async (changed: ProviderConfig) => {
    const log = createLog({ to: { write: (line) => void said.push(line) } })
    const started = await start(changed, { account, client, log, signal: new AbortController().signal })
    onTestFinished(started.close)
    return started
  }
  const node = options.started === false ? (undefined as never) : await attempt(config)
  const { path: key, publicKey } = makeKey('id')
  const { deployment } = on
  return {
    attempt,
    config,
    index,
    key,
    node,
    publicKey,
    async rent(hours: bigint, sshPublicKey = publicKey) {
      const providerId = await Registry.idOf(on.client, { deployment, owner: account.address })
      return Rental.create(on.walletOf(9), { deployment, hours, providerId: providerId ?? 0n, sshPublicKey })
    },
    said: () => said.join(''),
    renter: on.walletOf(9).account.address,
    async restart(changes: Partial<ProviderConfig>) {
      await node.close()
      return attempt({ ...config, ...changes })
    },
    async session(sessionId: bigint, status: Rental.Status) {
      expect(await settledStatus(sessionId, status)).toBe(status)
      return Rental.get(on.client, { deployment, sessionId })
    },
    ssh: (sessionId: bigint, command: string, { identity = key } = {}) =>
      ssh({ command, identity, port: sshPort, sessionId }),
  }
}

/** The status once it is no longer pending, or the one hoped for. */
async function settledStatus(sessionId: bigint, hoped?: Rental.Status): Promise<Rental.Status> {
  const status = () => Rental.statusOf(chain.client, { deployment: chain.deployment, sessionId })
  const deadline = Date.now() + 15_000
  for (;;) {
    const now = await status()
    if (now === hoped || (hoped === undefined && now !== 'pending') || Date.now() > deadline) return now
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

type Answer = { state: string; reason?: string; ssh: { host: string; port: number; hostKey: string } }

async function until(url: string, sessionId: bigint, state: string): Promise<Answer> {
  const ask = async () => (await (await fetch(`${url}/v1/sessions/${sessionId}`)).json()) as Answer
  await expect.poll(async () => (await ask()).state, { timeout: 10_000 }).toBe(state)
  return ask()
}

async function machines(url: string, used: number): Promise<void> {
  const load = async () =>
    ((await (await fetch(`${url}/health`)).json()) as { machines: { used: number } }).machines.used
  await expect.poll(load, { timeout: 15_000 }).toBe(used)
}

async function ssh(options: { command: string; identity: string; port: number; sessionId: bigint }) {
  const { command, identity, port, sessionId } = options
  const settings = ['BatchMode=yes', 'IdentitiesOnly=yes', 'LogLevel=ERROR', 'StrictHostKeyChecking=no']
  const all = [...settings, 'UserKnownHostsFile=/dev/null', 'IdentityAgent=none', `IdentityFile=${identity}`]
  const target = ['-p', String(port), `${sessionId}@127.0.0.1`]
  const client = spawn('ssh', ['-F', 'none', ...all.flatMap((one) => ['-o', one]), ...target, command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err, [code]] = await Promise.all([
    text(client.stdout),
    text(client.stderr),
    once(client, 'exit'),
  ])
  return { code, err, out }
}

/** A node in a process of its own, to be killed. */
async function spawnNode(config: ProviderConfig, index: number) {
  const source = `
    import { createPublicClient, formatEther, http } from 'viem'
    import { mnemonicToAccount } from 'viem/accounts'
    import { foundry } from 'viem/chains'
    import { createLog } from ${JSON.stringify(import.meta.resolve('../log.ts'))}
    import { start } from ${JSON.stringify(import.meta.resolve('./provider.ts'))}
    const config = JSON.parse(process.argv.at(-1), (key, value) => /^(pricePerHour|stake)$/.test(key) ? BigInt(value) : value)
    const client = createPublicClient({ chain: foundry, pollingInterval: 50, transport: http(${JSON.stringify(chain.rpcUrl)}) })
    const mnemonic = 'test test test test test test test test test test test junk'
    const account = mnemonicToAccount(mnemonic, { addressIndex: ${index} })
    const stop = new AbortController()
    process.once('SIGTERM', () => stop.abort())
    const node = await start(config, { account, client, log: createLog({ level: 'silent' }), signal: stop.signal })
    console.log(JSON.stringify({ providerId: String(node.providerId), url: node.httpUrl }))
    await node.done`
  const text_ = JSON.stringify({ ...config, removeMachinesOnClose: false }, (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  const args = ['--conditions=src', '--input-type=module-typescript', '-e', source, text_]
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  if (child.stdout === null) throw new Error('No output.')
  const [line] = await once(createInterface(child.stdout), 'line')
  return { child, ...(JSON.parse(line) as { providerId: string; url: string }) }
}

/** A front of the RPC that can be cut and mended. */
async function openFront() {
  let isCut = false
  const { close, url } = await serve(async (request, response) => {
    if (isCut) {
      response.destroy()
      return
    }
    const body = await text(request)
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(chain.rpcUrl, { body, headers, method: 'POST' })
    response.setHeader('content-type', 'application/json').end(await answer.text())
  })
  onTestFinished(close)
  return { cut: () => (isCut = true), mend: () => (isCut = false), url }
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'jeju-provider-'))
  onTestFinished(() => rmSync(path, { force: true, recursive: true }))
  return path
}

function makeKey(name: string): { path: string; publicKey: string } {
  const path = join(folder(), name)
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'renter', '-f', path])
  return { path, publicKey: readFileSync(`${path}.pub`, 'utf8').trim() }
}
