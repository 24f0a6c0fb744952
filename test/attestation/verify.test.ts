import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import {
  Attestation,
  AttestationRegistryAbi,
  ComputeRegistryAbi,
  IdentityRegistryAbi,
  Registry,
  Rental,
  type Verification,
  verifyProvider,
} from '@jejunetwork/sdk'
import ssh2 from 'ssh2'
import { type Hex, type PublicClient, parseEventLogs } from 'viem'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Provider } from '../../packages/node/src/provider/provider.ts'
import { createHome, type Home, run, until } from '../jejuCompute.ts'
import { createKey, type KeyPair } from '../openSsh.ts'
import { collateral, tdxQuote } from './Intel.ts'
import { type Stage, startStage } from './Stage.ts'

let stage: Stage
let node: Provider
let claimed: Provider
let home: Home
let key: KeyPair
let sessionId: bigint
let httpUrl: string

beforeAll(async () => {
  stage = await startStage()
  node = await stage.startNode()
  claimed = await stage.startNode({ account: 2, reports: `${stage.folder}/nothing` })
  await until('level 2', isVerified)
  home = createHome(stage.market)
  home.env['JEJU_TEE_ROOT'] = stage.market.intel.roots[0]
  key = createKey(home.path, 'renter')
  httpUrl = node.httpUrl
})

afterAll(async () => {
  await node?.close()
  await claimed?.close()
  await stage?.close()
  home?.remove()
})

test('TEE-10: `verify` prints each check with what was seen and what had to be', async () => {
  const { code, stdout } = await cli('verify', '1')
  expect(stdout).toMatch(/^ok +level +2, verified on chain +1 or 2$/m)
  expect(stdout).toMatch(/^ok +quote +tdx1\.0, UpToDate +signed up to the root key$/m)
  expect(stdout).toMatch(/^ok +status +UpToDate by evaluation 17 +needs no update$/m)
  for (const name of [
    'TEE',
    'expiry',
    'platform',
    'evidence hash',
    'root key',
    'TCB info',
    'PCK CRL',
    'workload',
  ])
    expect(stdout, name).toMatch(new RegExp(`^ok +${name} `, 'm'))
  const attested = Attestation.Binding.sshHostKeyHash(node.hostKey)
  expect(stdout).toMatch(new RegExp(`^ok +SSH host key +${attested} +${attested}, attested$`, 'm'))
  expect(stdout).toContain('Provider 1 is verified: level 2.')
  expect(code).toBe(0)
})

test('a claimed provider is not verified, and the reason is its own', async () => {
  const { code, stdout } = await cli('verify', String(claimed.providerId))
  expect(stdout).toContain('level is 0, claimed, and must be 1 or 2')
  expect(stdout).toContain('the machine is no TEE guest')
  expect(code).toBe(1)
  expect(JSON.parse((await cli('verify', '--json', '2')).stdout)).toMatchObject({ level: 0, verified: false })
})

test('TEE-8: a chain that trusts another root key than Intel’s is not believed', async () => {
  const { intel } = stage.market
  const failed = failures(
    await verifyProvider(client(), { deployment: stage.market.deployment, providerId: 1n }),
  )
  expect(failed[0]).toMatchObject({ name: 'root key', value: intel.roots[0] })
  expect(failed[1]?.value).toContain('ROOT_NOT_PINNED')
})

type Forgery = [what: string, change: (shown: Shown) => Shown, options: object, wanted: string]

test.each<Forgery>([
  ['another machine’s host key', (shown) => shown, { sshHostKey: 'ssh-ed25519 AAAA' }, 'SSH host key'],
  ['a workload not asked for', (shown) => shown, { workloads: ['0x11'] }, 'quote, the workload'],
  ['another quote of the machine', (shown) => ({ ...shown, report: again(shown) }), {}, 'evidence hash'],
  [
    'another binding',
    (shown) => ({ ...shown, binding: { ...shown.binding, agentId: 9n } }),
    {},
    'the report data',
  ],
  [
    'another host key named than bound',
    (shown) => ({ ...shown, ssh: { host: '127.0.0.1', hostKey: 'ssh-ed25519 AAAA', port: 22 } }),
    {},
    'SSH host key, as named',
  ],
  [
    'a block that is not there yet',
    (shown) => ({ ...shown, binding: { ...shown.binding, blockNumber: 10n ** 40n } }),
    {},
    'block',
  ],
  ['GPUs that were not bound', (shown) => ({ ...shown, gpus: [GPU] }), {}, 'GPU evidence'],
  ['older collateral', (shown) => ({ ...shown, collateral: older() }), {}, 'PCK CRL'],
  [
    'collateral of an evaluation before the chain’s',
    (shown) => ({ ...shown, collateral: older({ evaluation: 16 }) }),
    {},
    "quote, the collateral's evaluation number",
  ],
  ['no collateral', ({ collateral: _, ...shown }) => shown, {}, 'collateral'],
])('TEE-11: evidence with %s does not verify', async (_, change, options, wanted) => {
  const evidence = await Attestation.Evidence.fetchFrom(httpUrl)
  if (evidence.tee === 'none') throw new Error(evidence.reason)
  await node.close()
  const server = await replay({ '/v1/attestation': Attestation.Evidence.toJson(change(evidence)) })
  try {
    const { deployment, intel } = stage.market
    const intelRoot = intel.roots[0]
    const verification = await verifyProvider(client(), { deployment, providerId: 1n, intelRoot, ...options })
    expect(verification.verified).toBe(false)
    expect(failures(verification).map(({ name }) => name)).toContain(wanted)
  } finally {
    await close(server)
    node = await stage.startNode()
  }
})

test('TEE-11: a machine whose agent was sold, or that has another now, does not verify until it attests anew', async () => {
  const { accounts, deployment, intel, walletOf } = stage.market
  const owner = walletOf(1)
  const [seller, buyer] = [accounts[1]?.address, accounts[4]?.address]
  if (!seller || !buyer) throw new Error('The chain has too few accounts.')
  const identity = { abi: IdentityRegistryAbi, address: deployment.identityRegistry } as const
  const send = async (hash: Promise<Hex>) => client().waitForTransactionReceipt({ hash: await hash })
  const look = () =>
    verifyProvider(client(), { deployment, providerId: 1n, intelRoot: intel.roots[0] }).then((verification) =>
      failures(verification).map(({ name, value }) => `${name} ${value}`),
    )
  const { agentId } = (await Registry.agentOf(client(), { deployment, providerId: 1n })) ?? {}
  if (agentId === undefined) throw new Error('The provider has no agent.')
  expect(await look()).toStrictEqual([])

  await send(
    owner.writeContract({ ...identity, args: [seller, buyer, agentId], functionName: 'transferFrom' }),
  )
  expect(await look()).toStrictEqual([`agent ${agentId}, ${buyer}'s`])

  const answer = await (await fetch(`${httpUrl}/v1/attestation`)).text()
  await node.close()
  const server = await replay({ '/v1/attestation': answer })
  try {
    const registry = { abi: ComputeRegistryAbi, address: deployment.computeRegistry } as const
    await send(owner.writeContract({ ...registry, args: [1n], functionName: 'deactivateSold' }))
    const { logs } = await send(owner.writeContract({ ...identity, functionName: 'register' }))
    const [minted] = parseEventLogs({ abi: IdentityRegistryAbi, eventName: 'Registered', logs })
    if (!minted) throw new Error('No agent was minted.')
    await send(owner.writeContract({ ...registry, args: [minted.args.agentId], functionName: 'linkAgent' }))
    await send(owner.writeContract({ ...registry, args: [true], functionName: 'setActive' }))
    expect(await look()).toStrictEqual([`the bound agent id ${agentId}`])
  } finally {
    await close(server)
    node = await stage.startNode()
  }
  await until('an attestation of the agent of now', async () => (await look()).length === 0)
})

test('`ssh` pins the attested host key', async () => {
  sessionId = await rent(1n)
  const { code, stderr, stdout } = await cli('ssh', '-i', key.file, String(sessionId), '--', 'echo', 'here')
  expect(stdout).toBe('here\n')
  expect(stderr).toContain("Pinned the SSH host key attested by provider 1's machine (level 2).")
  expect(code).toBe(0)
})

test('`ssh` says of a claimed machine that it is claimed', async () => {
  const { code, stderr } = await cli(
    'ssh',
    '-i',
    key.file,
    String(await rent(claimed.providerId)),
    '--',
    'true',
  )
  expect(stderr).toContain('Provider 2 is claimed: nobody proved which machine this is.')
  expect(code).toBe(0)
})

test('`rent --verified` pays no claimed provider', async () => {
  const { code, stderr } = await cli('rent', '2', '--verified', '--yes')
  expect(stderr).toContain(
    'Provider 2 is claimed: nobody proved which machine this is, and `jeju-compute verify 2` says why.',
  )
  expect(stderr).toContain('Nothing was paid.')
  expect(code).toBe(1)
})

test('`ssh` insists on proof where that is asked for, or was when the session was rented', async () => {
  const unproven = await rent(claimed.providerId)
  const asked = await cli('ssh', '--verified', String(unproven), '--', 'true')
  expect(asked.stderr).toContain(
    'is to be verified, but its level is 0, claimed, and must be 1 or 2: that may be another machine, so nothing was sent to it.',
  )
  expect(asked.code).toBe(1)
  const other = await cli('ssh', '--workload', `0x${'11'.repeat(32)}`, String(sessionId), '--', 'true')
  expect(other.stderr).toMatch(
    /but its quote, the workload is 0x[0-9a-f]{64} \(WORKLOAD\), and must be 0x1111/,
  )
  const both = await cli('ssh', '--claimed', '--verified', String(sessionId))
  expect(both.stderr).toContain('both is neither')

  const rented = await cli('rent', '1', '--verified', '--yes', '--json', '--key', `${key.file}.pub`)
  const id = String(JSON.parse(rented.stdout).sessionId)
  const proven = await cli('ssh', '-i', key.file, id, '--', 'echo', 'here')
  expect(proven.stderr).toContain("Pinned the SSH host key attested by provider 1's machine (level 2).")
  expect(proven.stdout).toBe('here\n')

  const note = join(home.path, `ssh/verified_31337_${id}.json`)
  const kept = readFileSync(note, 'utf8')
  writeFileSync(note, kept.slice(0, 1))
  const torn = await cli('ssh', '-i', key.file, id, '--', 'true')
  expect([torn.code, torn.stderr]).toEqual([
    1,
    `${note} does not hold what session ${id} was rented on; without it nothing more is insisted on than you say.\n`,
  ])
  writeFileSync(note, kept)

  const paths = ['/v1/attestation', `/v1/sessions/${id}`]
  const answers = await Promise.all(
    paths.map(async (path) => [path, await (await fetch(`${httpUrl}${path}`)).text()] as const),
  )
  await node.close()
  const server = await replay(Object.fromEntries(answers))
  try {
    const { attestationRegistry: address } = stage.market.deployment
    const abi = AttestationRegistryAbi
    const hash = await stage.market
      .walletOf(1)
      .writeContract({ abi, address, args: [1n], functionName: 'revoke' })
    await client().waitForTransactionReceipt({ hash })
    const given = await cli('ssh', '-i', key.file, id, '--', 'true')
    expect(given.stderr).toContain('is to be verified, but its level is 0, claimed')
    expect(given.code).toBe(1)
    expect((await cli('ssh', '--claimed', id, '--', 'true')).stderr).toContain('Provider 1 is claimed')
  } finally {
    await close(server)
    node = await stage.startNode()
    await until('level 2', isVerified)
  }
})

test('a gateway with another host key gets nothing, and OpenSSH’s user is told why', async () => {
  const answers = await Promise.all(
    ['/v1/attestation', `/v1/sessions/${sessionId}`].map(
      async (path) => [path, await (await fetch(`${httpUrl}${path}`)).text()] as const,
    ),
  )
  await node.close()
  const server = await replay(Object.fromEntries(answers))
  onTestFinished(() => close(server))
  const pair = ssh2.utils.generateKeyPairSync('ed25519')
  const impostor = new ssh2.Server({ hostKeys: [pair.private] }, (connection) =>
    connection.on('error', () => {}),
  )
  impostor.listen(node.sshPort, '127.0.0.1')
  await once(impostor, 'listening')
  onTestFinished(() => void impostor.close())

  const { code, stderr } = await cli('ssh', '-i', key.file, String(sessionId), '--', 'true')
  expect(stderr).toContain('Host key verification failed.')
  expect(stderr).toContain(`127.0.0.1:${node.sshPort} shows another SSH host key (ssh-ed25519 `)
  expect(stderr).toContain(`than the pinned one (${node.hostKey})`)
  expect(code).toBe(1)

  const verified = await cli('verify', '1')
  expect(verified.stdout).toMatch(/^NO +SSH host key /m)
  expect(verified.code).toBe(1)
})

type Shown = Attestation.Evidence.Shown

const GPU = { chain: 'x', report: new Uint8Array(40) }

function again({ binding }: Shown): Uint8Array {
  return tdxQuote(stage.market.intel, { reportData: Attestation.Binding.reportData(binding) })
}

/** Still in its dates, but from before what the chain has; or signed now, and of an earlier evaluation. */
function older({ evaluation = 17 } = {}): NonNullable<Shown['collateral']> {
  const { intel } = stage.market
  const from = evaluation < 17 ? intel.at : intel.at - 7200n
  return collateral(intel, { evaluation, from, until: intel.at + 1_000_000n })
}

function failures({ checks }: Verification): Verification['checks'] {
  return checks.filter(({ ok }) => !ok)
}

/** The chain has the machine's evidence, and the node shows that very one, which it does a moment later. */
async function isVerified(): Promise<boolean> {
  const { deployment, intel } = stage.market
  const options = { deployment, intelRoot: intel.roots[0], providerId: 1n }
  return (await verifyProvider(client(), options)).verified
}

function client(): PublicClient {
  return stage.market.client as PublicClient
}

function cli(...args: string[]) {
  return run(args, home.env)
}

async function rent(providerId: bigint): Promise<bigint> {
  const { deployment } = stage.market
  const paying = { deployment, deposit: 10n ** 16n, hours: 1n, providerId, sshPublicKey: key.publicKey }
  const rented = await Rental.create(stage.market.walletOf(3), paying)
  const session = { deployment, sessionId: rented.sessionId }
  await until('a machine', async () => (await Rental.get(stage.market.client, session)).status === 'running')
  return rented.sessionId
}

/** What a node said, from where it said it. */
async function replay(answers: Record<string, string>): Promise<Server> {
  const server = createServer((request, response) => response.end(answers[request.url ?? ''] ?? '{}'))
  server.listen(Number(new URL(httpUrl).port), '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function close(server: Server): Promise<void> {
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
}
