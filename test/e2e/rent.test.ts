import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ComputeRegistryAbi, ComputeRentalAbi, LedgerManagerAbi } from '@jejunetwork/contracts'
import { spawn as spawnPty } from '@lydell/node-pty'
import { type Hash, parseEther, parseEventLogs } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Chain, keyOf, startChain } from '../chain.ts'
import { containers, engineAnswers } from '../docker.ts'
import { createHome, freePorts, type Home, launch, type Running, until } from '../jejuCompute.ts'
import { createKey, type KeyPair, scpRoundTrip, ssh, sshArgs, type Target } from '../openSsh.ts'

const PROVIDER = 1
const RENTER = 3

// In CI the engine is there; elsewhere the story is told with what there is.
const runtimes =
  process.env['CI'] || (await engineAnswers()) ? (['docker', 'process'] as const) : (['process'] as const)

describe.each(runtimes)('a stranger rents a machine (%s)', (runtime) => {
  let chain: Chain
  let home: Home
  let ports: { http: number; ssh: number }
  let node: Running
  let key: KeyPair
  let providerId: bigint
  let sessionId: bigint
  let target: Target

  beforeAll(async () => {
    chain = await startChain()
    home = createHome(chain)
    const [http = 0, ssh = 0] = await freePorts(2)
    ports = { http, ssh }
    key = createKey(home.path, 'renter')
  })

  afterAll(async () => {
    await node?.end()
    await chain?.close()
    home?.remove()
  })

  test('registers by the words of the specification', async () => {
    const { computeRegistry } = chain.deployment
    const client = chain.walletOf(PROVIDER)
    const attestationData = '{"gpuCount":1,"gpuModel":"NVIDIA H100 80GB HBM3"}'

    const tx = await client.writeContract({
      address: computeRegistry,
      abi: ComputeRegistryAbi,
      functionName: 'register',
      args: [
        'https://mynode.example.com:4007', // API endpoint
        attestationData, // Hardware attestation
        parseEther('0.01'), // Price per hour in ETH
      ],
      value: parseEther('0.1'), // Stake
    })

    await mined(chain, tx)
    const owner = chain.walletOf(PROVIDER).account.address
    providerId = await read(chain, 'providerIdOf', [owner])
    const provider = await chain.client.readContract({
      abi: ComputeRegistryAbi,
      address: computeRegistry,
      args: [providerId],
      functionName: 'getProvider',
    })
    expect(provider).toMatchObject({ active: true, gpuCount: 1n, gpuModel: 'NVIDIA H100 80GB HBM3', owner })
  })

  test('the node adopts its key’s registration and says where it is', async () => {
    node = await startNode()
    const health = await fetch(`http://127.0.0.1:${ports.http}/health`)
    expect(health.status).toBe(200)
    const owner = chain.walletOf(PROVIDER).account.address
    expect(await read(chain, 'providerIdOf', [owner])).toBe(providerId)
  })

  test('declines a key that OpenSSH could not use, and credits the money at once', async () => {
    const { computeRental } = chain.deployment
    const client = chain.walletOf(RENTER)
    const before = await chain.client.getBalance({ address: client.account.address })

    // Rent compute for 24 hours
    const tx = await client.writeContract({
      address: computeRental,
      abi: ComputeRentalAbi,
      functionName: 'createSession',
      args: [
        providerId,
        24n, // Duration in hours
        'ssh-rsa AAAA... user@host', // SSH public key
      ],
      value: parseEther('0.24'), // 24 hours × 0.01 ETH/hour
    })

    const { fee, logs } = await mined(chain, tx)
    const [created] = parseEventLogs({ abi: ComputeRentalAbi, eventName: 'SessionCreated', logs })
    const declined = await until('The refusal', async () => {
      const events = await chain.client.getContractEvents({
        abi: ComputeRentalAbi,
        address: computeRental,
        args: { sessionId: created?.args.sessionId ?? 0n },
        eventName: 'SessionDeclined',
        fromBlock: 0n,
      })
      return events[0]
    })
    expect(declined.args.reason).toMatch(/key/i)
    const after = await chain.client.getBalance({ address: client.account.address })
    expect(before - after, 'what left the wallet').toBe(fee + parseEther('0.24'))
    const ledger = await chain.client.readContract({
      abi: LedgerManagerAbi,
      address: chain.deployment.ledgerManager,
      args: [client.account.address],
      functionName: 'getBalance',
    })
    expect(ledger, 'the renter’s to withdraw').toBe(parseEther('0.24'))
  })

  test('gives the renter a machine, and OpenSSH logs in', async () => {
    const client = chain.walletOf(RENTER)
    const tx = await client.writeContract({
      address: chain.deployment.computeRental,
      abi: ComputeRentalAbi,
      functionName: 'createSession',
      args: [providerId, 24n, key.publicKey],
      value: parseEther('0.24'),
    })
    await mined(chain, tx)
    const [ids] = await chain.client.readContract({
      abi: ComputeRentalAbi,
      address: chain.deployment.computeRental,
      args: [client.account.address, 0n, 10n],
      functionName: 'sessionsOf',
    })
    sessionId = ids[0] ?? 0n
    target = await access()

    const outcome = await ssh(target, 'echo "hello from $(uname)"; exit 7')
    expect(outcome).toMatchObject({ code: 7, stdout: 'hello from Linux\n' })
    const echoed = await ssh(target, 'cat', 'over standard input')
    expect(echoed).toMatchObject({ code: 0, stdout: 'over standard input' })
  })

  test('gives a terminal that follows the window’s size', async () => {
    const terminal = spawnPty('ssh', ['-tt', ...sshArgs(target)], { cols: 80, env: process.env, rows: 24 })
    let screen = ''
    terminal.onData((text) => {
      screen += text
    })
    const shows = (pattern: RegExp) => until(`${pattern} on the screen`, async () => pattern.test(screen))
    const ended = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)))

    terminal.write('stty size\r')
    await shows(/^24 80/m)
    terminal.resize(132, 50)
    // The new size travels on its own; ask until it has arrived.
    await until('The new size', async () => {
      terminal.write('stty size\r')
      return /^50 132/m.test(screen)
    })
    terminal.write('exit 3\r')
    expect(await ended).toBe(3)
  })

  test('copies files both ways', async () => {
    const [from, to] = [join(home.path, 'sent'), join(home.path, 'received')]
    writeFileSync(from, randomBytes(3_000_000))
    await scpRoundTrip(target, { from, to })
    expect(readFileSync(to).equals(readFileSync(from))).toBe(true)
  })

  test('lets no other key in, and no other session', async () => {
    const stranger = createKey(home.path, 'stranger')
    const refused = await ssh({ ...target, key: stranger }, 'true')
    expect(refused.code).toBe(255)
    expect(refused.stderr).toContain('Permission denied')
    expect((await ssh({ ...target, user: '999' }, 'true')).code).toBe(255)
  })

  test('goes on when the node was killed and started again', async () => {
    await ssh(target, 'echo kept >note')
    await node.end('SIGKILL')
    node = await startNode()
    target = await access()
    const outcome = await ssh(target, 'cat note')
    expect(outcome).toMatchObject({ code: 0, stdout: 'kept\n' })
  })

  test('ends on the second: the machine is gone, each has what is due', async () => {
    const { computeRental } = chain.deployment
    await chain.warp(5_000)
    const client = chain.walletOf(RENTER)
    const before = await chain.client.getBalance({ address: client.account.address })
    const session = await getSession()
    const tx = await client.writeContract({
      address: computeRental,
      abi: ComputeRentalAbi,
      functionName: 'terminateSession',
      args: [sessionId],
    })

    const { blockNumber, fee, logs } = await mined(chain, tx)
    const { timestamp } = await chain.client.getBlock({ blockNumber })
    const earned = (parseEther('0.01') * (timestamp - session.startTime)) / 3600n
    const [ended] = parseEventLogs({ abi: ComputeRentalAbi, eventName: 'SessionTerminated', logs })
    expect(ended?.args).toMatchObject({ earned, refund: parseEther('0.24') - earned })
    const after = await chain.client.getBalance({ address: client.account.address })
    expect(after - before + fee, 'the rest, to the wei').toBe(parseEther('0.24') - earned)

    await until('The end of the machine', async () => (await ssh(target, 'true')).code === 255)
    if (runtime === 'docker')
      await until(
        'The end of the container',
        async () => (await containers(computeRental, sessionId)).length === 0,
      )

    await chain.warp(3_601)
    await until('The collection of all pay', async () => (await details()).collected === earned)
  })

  async function startNode(): Promise<Running> {
    const env = { ...home.env, JEJU_PRIVATE_KEY: keyOf(PROVIDER), JEJU_RUNTIME: runtime }
    // The registration names another place, as the specification's words have it, and a node keeps what is registered.
    const where = [
      '--endpoint',
      `http://127.0.0.1:${ports.http}`,
      '--port',
      String(ports.http),
      '--ssh-port',
      String(ports.ssh),
      '--no-inference',
      '--log-json',
    ]
    const started = launch(['provider', 'start', ...where], env)
    await started.says(/Provider \d+ serves at/, 120_000)
    return started
  }

  /** How to log in, once the session runs. */
  async function access(): Promise<Target> {
    const url = `http://127.0.0.1:${ports.http}/v1/sessions/${sessionId}`
    const { host, hostKey, port } = await until(
      'The machine',
      async () => {
        const answer = await fetch(url).catch(() => undefined)
        const session = answer?.ok ? ((await answer.json()) as { state: string; ssh?: Target }) : undefined
        return session?.state === 'running' && session.ssh
      },
      120_000,
    )
    return { host, hostKey, key, port, user: String(sessionId) }
  }

  const getSession = () =>
    chain.client.readContract({
      abi: ComputeRentalAbi,
      address: chain.deployment.computeRental,
      args: [sessionId],
      functionName: 'getSession',
    })

  const details = () =>
    chain.client.readContract({
      abi: ComputeRentalAbi,
      address: chain.deployment.computeRental,
      args: [sessionId],
      functionName: 'sessionDetails',
    })
})

async function mined(chain: Chain, hash: Hash) {
  const receipt = await chain.client.waitForTransactionReceipt({ hash })
  expect(receipt.status).toBe('success')
  return { ...receipt, fee: receipt.gasUsed * receipt.effectiveGasPrice }
}

function read(chain: Chain, functionName: 'providerIdOf', args: readonly [`0x${string}`]): Promise<bigint> {
  return chain.client.readContract({
    abi: ComputeRegistryAbi,
    address: chain.deployment.computeRegistry,
    args,
    functionName,
  })
}
