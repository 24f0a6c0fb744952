import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  TriggerRegistryAbi as abi,
  ComputeRentalAbi,
  Registry,
  Rental,
  Trigger,
  type TriggerConfig,
  TriggerInput,
} from '@jejunetwork/sdk'
import {
  type Address,
  createPublicClient,
  custom,
  encodeFunctionData,
  type Hex,
  type PublicClient,
  parseAbi,
  parseEther,
  parseGwei,
  toHex,
} from 'viem'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { accountOf, type Chain, startChain } from '../../../../test/chain.ts'
import { createLog } from '../log.ts'
import { type KeeperConfig, start } from './keeper.ts'

const [AGENT, SPONSOR, KEEPER, RIVAL, SIGNER] = [2, 3, 4, 5, 6]
/** Adds 1 to its first slot, whatever it is called with; and one that always reverts. */
const COUNTER: Hex = '0x675f546001015f55005f5260086018f3'
const REVERTER: Hex = '0x635f5ffd005f526004601cf3'

let chain: Chain
const running: (() => Promise<void>)[] = []

beforeEach(async () => {
  chain = await startChain()
}, 180_000)
afterEach(async () => {
  await Promise.all(running.splice(0).map((end) => end()))
  await chain?.close()
})

test('a cron trigger runs at each tick, once, and its keeper earns', async () => {
  const target = await deploy(COUNTER)
  const triggerId = await create({ expression: '* * * * *', kind: 'cron', target })
  const before = await wealthOf(KEEPER)
  const { said } = await keep(KEEPER)
  for (const runs of [1, 2, 3]) {
    await chain.warp(60)
    await expect.poll(() => countOf(target), { timeout: 10_000 }).toBe(runs)
  }
  const done = await Trigger.runs(chain.client, { deployment: chain.deployment, triggerId })
  expect(new Set(done.map(({ key }) => key)).size).toBe(3)
  expect(done.every(({ success }) => success)).toBe(true)
  expect(said.find((line) => line.includes('"executed"'))).toMatch(/"paid":"0\.\d+ ETH"/)
  const mined = /"cost":"0\.\d+ ETH","earned":"0\.\d+ ETH"/
  await expect.poll(() => said.find((line) => line.includes('transaction mined'))).toMatch(mined)
  // Opening its credit cost it once; each run earns.
  expect((await wealthOf(KEEPER)) - before).toBeGreaterThan(-parseGwei('200000'))
})

test('a trigger that comes, ends or gets its sponsor while the keeper runs is noticed', async () => {
  await keep(KEEPER)
  const target = await deploy(COUNTER)
  const config = { expression: '* * * * *', kind: 'cron', target } as const
  const { deployment } = chain
  const { triggerId } = await Trigger.create(chain.walletOf(AGENT), { config, deployment })
  await chain.warp(60)
  await chain.warp(1)
  expect(await countOf(target)).toBe(0)
  await sponsor(triggerId)
  await expect.poll(() => countOf(target), { timeout: 10_000 }).toBe(1)
})

test('two keepers race, and each tick runs once', async () => {
  const target = await deploy(COUNTER)
  const ids = []
  for (let n = 0; n < 5; n++)
    ids.push(await create({ expression: '* * * * *', kind: 'cron', policy: 'backfill', target }))
  await Promise.all([keep(KEEPER), keep(RIVAL)])
  for (const round of [1, 2, 3]) {
    await chain.warp(60)
    await expect.poll(() => countOf(target), { timeout: 15_000 }).toBe(5 * round)
  }
  for (const triggerId of ids) {
    const runs = await Trigger.runs(chain.client, { deployment: chain.deployment, triggerId })
    expect(new Set(runs.map(({ key }) => key)).size).toBe(3)
    expect(runs.length).toBe(3)
  }
})

test('missed ticks are made up for by BACKFILL and folded by COALESCE', async () => {
  const [each, folded] = [await deploy(COUNTER), await deploy(COUNTER)]
  await create({ expression: '* * * * *', kind: 'cron', policy: 'backfill', target: each })
  await create({ expression: '* * * * *', kind: 'cron', target: folded })
  await chain.warp(600)
  await keep(KEEPER)
  await expect.poll(() => countOf(each), { timeout: 15_000 }).toBe(10)
  expect(await countOf(folded)).toBe(1)
})

test('what a keeper earned is fetched when it is worth the gas', async () => {
  const target = await deploy(COUNTER)
  await create({ expression: '* * * * *', kind: 'cron', policy: 'backfill', target })
  await chain.warp(1_800)
  const { said } = await keep(KEEPER)
  await expect.poll(() => countOf(target), { timeout: 15_000 }).toBe(30)
  await expect
    .poll(() => said.find((line) => line.includes('earnings collected')), { timeout: 10_000 })
    .toMatch(/"amount":"0\.\d+ ETH"/)
})

test('a trigger for logs of the chain with the greatest id keeps no other from running', async () => {
  const target = await deploy(COUNTER)
  const { deployment } = chain
  // A number that JavaScript cannot hold.
  const otherChain = { chainId: 2n ** 64n - 1n, quorumId: await createQuorum() }
  const config = { emitter: target, gasLimit: 100_000, kind: 'event', otherChain } as const
  const { triggerId } = await Trigger.create(chain.walletOf(RIVAL), { config, deployment })
  expect((await Trigger.get(chain.client, { deployment, triggerId })).config).toMatchObject({ otherChain })

  await create({ expression: '* * * * *', kind: 'cron', target })
  await chain.warp(60)
  const { said } = await keep(KEEPER)
  await expect.poll(() => countOf(target), { timeout: 10_000 }).toBe(1)
  expect(said.some((line) => line.includes('a trigger cannot be read'))).toBe(false)
})

test('a trigger that the node cannot read keeps no other from running', async () => {
  const target = await deploy(COUNTER)
  const config = { expression: '* * * * *', kind: 'cron', target } as const
  const unreadable = await create(config)
  await create(config)
  await chain.warp(60)
  const asked = encodeFunctionData({ abi, args: [unreadable], functionName: 'getTrigger' })
  const { said } = await keep(KEEPER, {}, nodeThatRefuses(asked))
  await expect.poll(() => countOf(target), { timeout: 10_000 }).toBe(1)
  expect(said.some((line) => line.includes('a trigger cannot be read'))).toBe(true)
})

test('what does not repay its gas, or nobody pays for, is left alone', async () => {
  const target = await deploy(COUNTER)
  const config = { expression: '* * * * *', kind: 'cron', target } as const
  await Trigger.create(chain.walletOf(AGENT), { config, deployment: chain.deployment })
  const cheap = await create(config, { maxGasPrice: 1_000n })
  await chain.warp(60)
  const keeper = await keep(KEEPER)
  const waits = /waits for a lower gas price/
  await expect.poll(() => keeper.said.find((line) => waits.test(line))).toContain('0.000001 gwei')
  expect(await countOf(target)).toBe(0)
  expect(await Trigger.runs(chain.client, { deployment: chain.deployment, triggerId: cheap })).toEqual([])
})

test('with --unpaid, it runs what nobody pays for', async () => {
  const target = await deploy(COUNTER)
  const config = { expression: '* * * * *', kind: 'cron', target } as const
  await Trigger.create(chain.walletOf(AGENT), { config, deployment: chain.deployment })
  await chain.warp(60)
  await keep(KEEPER, { unpaid: true })
  await expect.poll(() => countOf(target), { timeout: 10_000 }).toBe(1)
})

test('a call that always reverts pauses its trigger', async () => {
  const target = await deploy(REVERTER)
  const triggerId = await create({ expression: '* * * * *', kind: 'cron', maxFailures: 2, target })
  const { said } = await keep(KEEPER)
  const state = async () =>
    (await Trigger.get(chain.client, { deployment: chain.deployment, triggerId })).state
  for (let n = 0; n < 2; n++) {
    await chain.warp(60)
    const runs = () => Trigger.runs(chain.client, { deployment: chain.deployment, triggerId })
    await expect.poll(async () => (await runs()).length, { timeout: 10_000 }).toBe(n + 1)
  }
  expect(said.filter((line) => line.includes('executed; the call reverted'))).toHaveLength(2)
  expect(await state()).toBe('paused')
})

test('a signed delivery is taken once, whoever sends it again, and runs', async () => {
  const target = await deploy(COUNTER)
  const triggerId = await create({
    key: { address: signer().address, type: 'secp256k1' },
    kind: 'webhook',
    target,
  })
  const { url } = await keep(KEEPER)
  const deliver = await delivery({ nonce: 7n, payload: toHex('{"price":1}'), triggerId, url })

  expect((await deliver()).status).toBe(202)
  expect([200, 202]).toContain((await deliver()).status)
  await expect.poll(() => countOf(target), { timeout: 10_000 }).toBe(1)
  const state = async () =>
    (await (await fetch(`${url}/v1/triggers/${triggerId}/deliveries/7`)).json()) as object
  await expect.poll(state).toEqual({ nonce: '7', state: 'executed', trigger: String(triggerId) })
  expect((await deliver()).status).toBe(200)
  expect(await countOf(target)).toBe(1)
})

test('deliveries that the chain would refuse are refused, and none is stored', async () => {
  const target = await deploy(COUNTER)
  const triggerId = await create({
    key: { address: signer().address, type: 'secp256k1' },
    kind: 'webhook',
    target,
  })
  const cron = await create({ expression: '@daily', kind: 'cron', target })
  const { url } = await keep(KEEPER)
  const good = { nonce: 1n, payload: toHex('hello'), triggerId, url }

  expect((await (await delivery(good))({ body: 'other' })).status).toBe(401)
  expect((await (await delivery({ ...good, triggerId: 99n }))()).status).toBe(404)
  expect((await (await delivery({ ...good, triggerId: cron }))()).status).toBe(409)
  expect((await (await delivery({ ...good, age: 100_000n }))()).status).toBe(410)
  expect((await (await delivery(good))({ body: 'x'.repeat(20_000) })).status).toBe(413)
  expect(
    (await fetch(`${url}/v1/triggers/${triggerId}/deliveries`, { body: 'hello', method: 'POST' })).status,
  ).toBe(400)
  expect((await fetch(`${url}/v1/triggers/${triggerId}/deliveries/1`)).status).toBe(404)
  expect(await countOf(target)).toBe(0)
})

test('a rental that was never activated is cancelled, one whose time ran out is closed', async () => {
  const { client, deployment } = chain
  const [provider, renter] = [chain.walletOf(1), chain.walletOf(AGENT)]
  const offer = {
    endpoint: 'https://node.example',
    hardwareAttestation: '{}',
    pricePerHour: parseEther('0.01'),
  }
  const { providerId } = await Registry.register(provider, { deployment, ...offer, stake: parseEther('0.1') })
  const sshPublicKey = `ssh-ed25519 ${'A'.repeat(68)}`
  const rented = { deployment, hours: 1n, providerId, sshPublicKey }
  const { sessionId } = await Rental.create(renter, rented)
  await keep(KEEPER)
  await chain.warp(601)
  const status = (id: bigint) => Rental.statusOf(client, { deployment, sessionId: id })
  await expect.poll(() => status(sessionId), { timeout: 10_000 }).toBe('cancelled')

  const { sessionId: used } = await Rental.create(renter, rented)
  const contract = { abi: ComputeRentalAbi, address: deployment.computeRental } as const
  await provider.writeContract({
    ...contract,
    args: [used, toHex(1, { size: 32 })],
    functionName: 'activateSession',
  })
  await chain.warp(3_600 + 121)
  const ends = () => client.getContractEvents({ ...contract, eventName: 'SessionTerminated', fromBlock: 0n })
  await expect.poll(async () => (await ends()).length, { timeout: 10_000 }).toBe(1)
})

function signer() {
  const account = accountOf(SIGNER)
  return account
}

type ToDeliver = { triggerId: bigint; nonce: bigint; payload: Hex; url: string | undefined; age?: bigint }

/** Signs a delivery; what it returns sends it, perhaps with another body. */
async function delivery({ age = 0n, nonce, payload, triggerId, url }: ToDeliver) {
  const timestamp = (await chain.client.getBlock()).timestamp - age
  const { deployment } = chain
  const signature = await TriggerInput.signDelivery(signer(), {
    deployment,
    nonce,
    payload,
    timestamp,
    triggerId,
  })
  const headers = { 'jeju-nonce': `${nonce}`, 'jeju-signature': signature, 'jeju-timestamp': `${timestamp}` }
  return ({ body = Buffer.from(payload.slice(2), 'hex').toString() } = {}) =>
    fetch(`${url}/v1/triggers/${triggerId}/deliveries`, { body, headers, method: 'POST' })
}

/** Of one member, which need not be staked. */
async function createQuorum(): Promise<bigint> {
  const member = signer().address
  const call = {
    abi: parseAbi(['function createQuorum(address[] members, uint8 threshold) returns (uint256)']),
    address: chain.deployment.attesterQuorums,
    args: [[member], 1],
    functionName: 'createQuorum',
  } as const
  const { result } = await chain.client.simulateContract(call)
  const hash = await chain.walletOf(RIVAL).writeContract(call)
  await chain.client.waitForTransactionReceipt({ hash })
  return result
}

async function create(config: TriggerConfig.Config, terms: { maxGasPrice?: bigint } = {}): Promise<bigint> {
  const { triggerId } = await Trigger.create(chain.walletOf(AGENT), { config, deployment: chain.deployment })
  await sponsor(triggerId, terms)
  return triggerId
}

async function sponsor(triggerId: bigint, { maxGasPrice = parseGwei('100') } = {}): Promise<void> {
  const { client, deployment } = chain
  const expiry = (await client.getBlock()).timestamp + 1_000_000n
  const terms = { expiry, maxGasPrice, perPeriod: parseEther('1'), value: parseEther('0.5') }
  await Trigger.sponsor(chain.walletOf(SPONSOR), { deployment, triggerId, ...terms })
}

async function deploy(code: Hex): Promise<Address> {
  const hash = await chain.walletOf(AGENT).sendTransaction({ data: code })
  const { contractAddress } = await chain.client.waitForTransactionReceipt({ hash })
  if (!contractAddress) throw new Error('Nothing was deployed.')
  return contractAddress
}

const countOf = async (address: Address) =>
  Number((await chain.client.getStorageAt({ address, slot: '0x0' })) ?? 0)

/** What an account has, its credit included. */
async function wealthOf(index: number): Promise<bigint> {
  const { client, deployment } = chain
  const { address } = chain.walletOf(index).account
  const contract = { abi, address: deployment.triggerRegistry } as const
  const credit = await client.readContract({ ...contract, args: [address], functionName: 'creditOf' })
  return (await client.getBalance({ address })) + credit
}

/** The chain's node, but for one question, to which it answers with an error. */
function nodeThatRefuses(asked: Hex): PublicClient {
  const request = async (question: { method: string }) => {
    if (JSON.stringify(question).includes(asked)) throw { code: -32_000, message: 'internal error' }
    return chain.client.request(question as never)
  }
  return createPublicClient({ chain: chain.client.chain, transport: custom({ request }, { retryCount: 0 }) })
}

async function keep(
  index: number,
  options: Partial<KeeperConfig> = {},
  client: PublicClient = chain.client as PublicClient,
) {
  const dataDir = mkdtempSync(join(tmpdir(), 'jeju-keeper-'))
  const account = accountOf(index)
  const { deployment } = chain
  const said: string[] = []
  const log = createLog({
    to: { write: (line) => void said.push(line) },
  })
  const config = {
    dataDir,
    deployment,
    pollMs: 50,
    sessions: true,
    unpaid: false,
    webhooks: { hooksFile: join(dataDir, 'webhooks.json'), host: '127.0.0.1', port: 0 },
  }
  const stop = new AbortController()
  const keeper = await start({ ...config, ...options }, { account, client, log, signal: stop.signal })
  running.push(async () => {
    await keeper.close()
    rmSync(dataDir, { force: true, recursive: true })
    expect(said.filter((line) => line.includes('"level":"error"'))).toEqual([])
  })
  return { ...keeper, said }
}
