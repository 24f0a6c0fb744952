import {
  getAddress,
  type Hex,
  hexToNumber,
  keccak256,
  parseAbi,
  parseEther,
  parseGwei,
  slice,
  toHex,
  zeroAddress,
} from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountOf, type Chain, startChain } from '../../../test/chain.ts'
import * as Cron from './Cron.ts'
import { TriggerRegistryAbi as abi } from './Deployment.ts'
import * as Trigger from './Trigger.ts'
import * as TriggerConfig from './TriggerConfig.ts'
import * as TriggerInput from './TriggerInput.ts'

const AGENT = 2
const TARGET = getAddress(`0x${'aa'.repeat(20)}`)
const TOPIC = keccak256(toHex('Something(uint256)'))

let chain: Chain

beforeAll(async () => {
  chain = await startChain()
}, 180_000)
afterAll(() => chain?.close())

const configs: readonly TriggerConfig.Config[] = [
  {
    kind: 'cron',
    expression: '30 12 * * MON-FRI',
    policy: 'backfill',
    utcOffset: -14,
    target: TARGET,
    data: '0x1234',
  },
  { kind: 'cron', expression: '@hourly', gasLimit: 0 },
  { kind: 'webhook', key: { type: 'secp256k1', address: TARGET }, maxDelay: 120, maxFailures: 0 },
  { kind: 'webhook', key: { type: 'erc1271', address: TARGET }, payload: 'hash' },
  { kind: 'event', emitter: TARGET, topics: [TOPIC, null, TOPIC] },
  { kind: 'event', emitter: TARGET },
]

test.each(configs)('the chain takes $kind and gives it back: %j', async (config) => {
  const { client, deployment } = chain
  const { triggerId } = await Trigger.create(chain.walletOf(AGENT), { config, deployment })
  const trigger = await Trigger.get(client, { deployment, triggerId })
  const text = config.kind === 'cron' ? { expression: Cron.parse(config.expression) } : {}
  expect(trigger).toMatchObject({ config: { ...config, ...text }, kind: config.kind, state: 'active' })
  expect(TriggerConfig.encode(trigger.config)).toBe(TriggerConfig.encode(config))
})

test('whatever config, what the chain stored is what was meant', async () => {
  const { client, deployment } = chain
  const wallet = chain.walletOf(7)
  const quorumId = await createQuorum()
  const config = Array.from({ length: 60 }, (_, seed) => anyConfig(seed, quorumId))
  const address = deployment.triggerRegistry
  for (const one of config) {
    const args = [TriggerConfig.kinds.indexOf(one.kind), TriggerConfig.encode(one)] as const
    await wallet.writeContract({ abi, address, args, functionName: 'createTrigger' })
  }
  await expect.poll(() => client.getTransactionCount({ address: wallet.account.address })).toBe(61)
  const { triggerIds } = await Trigger.list(client, { agent: wallet.account.address, deployment })
  const stored = await Promise.all(
    triggerIds.map((triggerId) => Trigger.get(client, { deployment, triggerId })),
  )
  expect(stored.map((trigger) => trigger.config).reverse()).toEqual(config)
  // The chain reads the same fields out of the bytes as this package.
  for (const { config: read, gasLimit, target } of stored) {
    expect(gasLimit).toBe(BigInt(read.gasLimit ?? -1))
    if (gasLimit > 0n && read.target !== zeroAddress) expect(target).toBe(read.target)
  }
})

async function createQuorum(): Promise<bigint> {
  const { attesterQuorums: address } = chain.deployment
  const { account } = chain.walletOf(7)
  const args = [[account.address], 1] as const
  const call = { abi: quorums, account, address, args, functionName: 'createQuorum' } as const
  const { request, result } = await chain.client.simulateContract(call)
  await chain.walletOf(7).writeContract(request)
  return result
}

const quorums = parseAbi([
  'function createQuorum(address[] members, uint8 threshold) returns (uint256 quorumId)',
])

/** A config made of a seed, every field given. */
function anyConfig(seed: number, quorumId: bigint): TriggerConfig.Config {
  const hash = keccak256(toHex(seed, { size: 32 }))
  const pick = (at: number, below: number) => hexToNumber(slice(hash, at, at + 2)) % below
  const address = (at: number) => getAddress(slice(keccak256(toHex(`${seed} ${at}`)), 0, 20))
  const isCall = pick(0, 4) > 0
  const call = {
    data: isCall && pick(2, 2) ? sliceOf(hash, 1 + pick(4, 31)) : '0x',
    gasLimit: isCall ? 1_000 * (1 + pick(6, 10_000)) : 0,
    maxDelay: 60 * (1 + pick(8, 65_535)),
    maxFailures: pick(10, 256),
    target: isCall && pick(12, 2) ? address(1) : zeroAddress,
  } as const
  if (seed % 3 === 0) {
    const expression = `${pick(14, 60)} ${pick(16, 24)} * ${1 + pick(18, 12)} ${pick(20, 8)}`
    const policy = pick(22, 2) ? 'backfill' : 'coalesce'
    return { ...call, expression, kind: 'cron', policy, utcOffset: pick(24, 113) - 56 }
  }
  if (seed % 3 === 1) {
    const p256 = { publicKey: P256_POINT, type: 'p256' } as const
    const other = { address: address(2), type: pick(14, 2) ? 'secp256k1' : 'erc1271' } as const
    const payload = pick(18, 2) ? 'hash' : 'full'
    return { ...call, key: pick(16, 3) ? other : p256, kind: 'webhook', payload }
  }
  const places = Array.from({ length: pick(14, 5) }, (_, at) =>
    pick(16 + at, 2) ? keccak256(address(at)) : null,
  )
  // Places at the end that take any topic are not stored: there is nothing to store.
  const topics = places.slice(0, places.findLastIndex((topic) => topic !== null) + 1)
  const event = { ...call, emitter: address(3), kind: 'event', topics } as const
  return pick(26, 2) || !isCall ? event : { ...event, otherChain: { chainId: anyChain(hash), quorumId } }
}

/** From 2 on, and beyond what a JavaScript number holds. */
const anyChain = (hash: Hex) => (BigInt(hash) % (2n ** 64n - 2n)) + 2n
const sliceOf = (bytes: Hex, length: number) => slice(bytes, 0, length)
/** The base point of P-256. */
const P256_POINT: Hex =
  '0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5'

test('a config that the chain would refuse is refused before', () => {
  const cron = { expression: '@daily', kind: 'cron' } as const
  expect(() => TriggerConfig.encode({ ...cron, gasLimit: 10_000_001 })).toThrow('The gas limit is')
  expect(() => TriggerConfig.encode({ ...cron, maxDelay: 90 })).toThrow('The most minutes of delay is')
  expect(() => TriggerConfig.encode({ ...cron, utcOffset: 57 })).toThrow('The offset from UTC')
  expect(() => TriggerConfig.encode({ ...cron, gasLimit: 0, target: TARGET })).toThrow('makes no call')
  expect(() => TriggerConfig.encode({ ...cron, data: `0x${'00'.repeat(4_097)}` })).toThrow(
    'The length of the data',
  )
  const event = { emitter: TARGET, kind: 'event' } as const
  expect(() => TriggerConfig.encode({ ...event, emitter: zeroAddress })).toThrow('The emitter is a contract')
  expect(() => TriggerConfig.encode({ ...event, topics: ['0x12'] })).toThrow('A topic has 32 bytes')
  expect(() => TriggerConfig.encode({ ...event, topics: Array(5).fill(TOPIC) })).toThrow(
    'The number of topics',
  )
  const elsewhere = (chainId: bigint) => () =>
    TriggerConfig.encode({ ...event, otherChain: { chainId, quorumId: 1n } })
  expect(elsewhere(0n)).toThrow('The id of another chain is from 1 to')
  expect(elsewhere(2n ** 64n)).toThrow('it was 18446744073709551616.')
  const key = (one: TriggerConfig.Key) => () => TriggerConfig.encode({ key: one, kind: 'webhook' })
  expect(key({ address: zeroAddress, type: 'secp256k1' })).toThrow('The zero address can sign nothing')
  expect(key({ publicKey: TARGET, type: 'p256' })).toThrow("A P-256 key's x and y has 64 bytes")
})

test('triggers are listed newest first, of one agent and of all', async () => {
  const { client, deployment } = chain
  const wallet = chain.walletOf(5)
  const { triggerId } = await Trigger.create(wallet, {
    config: { expression: '@daily', kind: 'cron' },
    deployment,
  })
  const agent = wallet.account.address
  expect(await Trigger.list(client, { agent, deployment })).toEqual({
    nextCursor: undefined,
    triggerIds: [triggerId],
  })
  expect((await Trigger.list(client, { deployment, limit: 2n })).triggerIds).toEqual([
    triggerId,
    triggerId - 1n,
  ])
  expect(await Trigger.count(client, { deployment })).toBe(triggerId)
})

test('next runs are the chain’s own', async () => {
  const { client, deployment } = chain
  const config = { expression: '0 0 29 FEB *', kind: 'cron', utcOffset: 8 } as const
  const { triggerId } = await Trigger.create(chain.walletOf(AGENT), { config, deployment })
  const after = BigInt(Date.UTC(2026, 0, 1) / 1000)
  const ticks = await Trigger.nextTicks(client, { after, deployment, runs: 2, triggerId })
  const two = [Date.UTC(2028, 1, 28, 22), Date.UTC(2032, 1, 28, 22)].map((ms) => BigInt(ms / 1000))
  expect(ticks).toEqual(two)
})

test('a sponsored tick is due, runs once, and is found in the log, as is one whose call reverts', async () => {
  const { client, deployment } = chain
  const config = { expression: '* * * * *', kind: 'cron', target: TARGET } as const
  const { triggerId } = await Trigger.create(chain.walletOf(AGENT), { config, deployment })
  const { timestamp } = await client.getBlock()
  const terms = { expiry: timestamp + 1_000_000n, maxGasPrice: parseGwei('100'), perPeriod: parseEther('1') }
  await Trigger.sponsor(chain.walletOf(3), { deployment, triggerId, ...terms, value: parseEther('0.1') })
  await Trigger.fund(chain.walletOf(3), { amount: parseEther('0.1'), deployment, triggerId })
  await chain.warp(60)

  const { dueTick = 0n, sponsor } = await Trigger.get(client, { deployment, triggerId })
  expect(sponsor).toMatchObject({ account: chain.walletOf(3).account.address, balance: parseEther('0.2') })
  const input = TriggerInput.ofTick(dueTick)
  expect(TriggerInput.parse('cron', input)).toEqual({ tick: dueTick })
  expect(await Trigger.judge(client, { deployment, input, triggerId })).toBe('none')
  await execute(triggerId, input)
  expect(await Trigger.judge(client, { deployment, input, triggerId })).toBe('already done')
  const ran = { key: dueTick, success: true }
  expect(await Trigger.runs(client, { deployment, triggerId })).toMatchObject([ran])

  const always = '0x5f5ffd' // reverts
  await client.request({ method: 'anvil_setCode', params: [TARGET, always] } as never)
  await chain.warp(60)
  await execute(triggerId, TriggerInput.ofTick(dueTick + 60n))
  await client.request({ method: 'anvil_setCode', params: [TARGET, '0x'] } as never)
  const failed = { key: dueTick + 60n, success: false }
  expect(await Trigger.runs(client, { deployment, triggerId })).toMatchObject([ran, failed])
})

test('a delivery is due if the key signed it, as the chain sees it', async () => {
  const { client, deployment } = chain
  const signer = accountOf(6)
  const config = { key: { address: signer.address, type: 'secp256k1' }, kind: 'webhook' } as const
  const { triggerId } = await Trigger.create(chain.walletOf(AGENT), { config, deployment })
  const { timestamp } = await client.getBlock()
  const delivery = { nonce: 7n, payload: toHex('{"price":1}'), timestamp, triggerId }
  const signature = await TriggerInput.signDelivery(signer, { ...delivery, deployment })
  const input = TriggerInput.ofDelivery({ ...delivery, signature })
  expect(TriggerInput.parse('webhook', input)).toEqual({
    nonce: 7n,
    payload: delivery.payload,
    signature,
    timestamp,
  })
  expect(await Trigger.judge(client, { deployment, input, triggerId })).toBe('none')
  const other = TriggerInput.ofDelivery({ ...delivery, payload: '0x00', signature })
  expect(await Trigger.judge(client, { deployment, input: other, triggerId })).toBe('bad signature')
})

test('a sponsor gives notice, and leaves with the balance', async () => {
  const { client, deployment } = chain
  const config = { expression: '@daily', kind: 'cron' } as const
  const { triggerId } = await Trigger.create(chain.walletOf(AGENT), { config, deployment })
  const own = { deployment, triggerId }
  const payer = chain.walletOf(8)
  const { address } = payer.account
  await Trigger.inviteSponsor(chain.walletOf(AGENT), { ...own, account: address })
  const expiry = (await client.getBlock()).timestamp + 1_000_000n
  const terms = { expiry, maxGasPrice: parseGwei('100'), perPeriod: parseEther('1') }
  await Trigger.sponsor(payer, { ...own, ...terms, value: parseEther('0.3') })
  expect((await Trigger.get(client, own)).sponsor).toMatchObject({
    account: address,
    withdrawableAt: undefined,
  })
  await Trigger.requestWithdraw(payer, own)
  const { timestamp } = await client.getBlock()
  expect((await Trigger.get(client, own)).sponsor).toMatchObject({ withdrawableAt: timestamp + 600n })
  await chain.warp(600)
  expect(await Trigger.withdraw(payer, own)).toMatchObject({ refund: parseEther('0.3') })
  expect((await Trigger.get(client, own)).sponsor).toBeUndefined()
})

test('an agent pauses, resumes and ends its trigger', async () => {
  const { client, deployment } = chain
  const wallet = chain.walletOf(AGENT)
  const { triggerId } = await Trigger.create(wallet, {
    config: { expression: '@daily', kind: 'cron' },
    deployment,
  })
  const own = { deployment, triggerId }
  const state = async () => (await Trigger.get(client, own)).state
  await Trigger.pause(wallet, own)
  expect(await state()).toBe('paused')
  await Trigger.resume(wallet, own)
  expect(await state()).toBe('active')
  await Trigger.deactivate(wallet, own)
  expect(await state()).toBe('deactivated')
})

async function execute(triggerId: bigint, input: Hex): Promise<void> {
  const { client, deployment } = chain
  const hash = await chain.walletOf(4).writeContract({
    abi,
    address: deployment.triggerRegistry,
    args: [triggerId, input],
    functionName: 'executeTrigger',
    gas: 600_000n,
  })
  expect((await client.waitForTransactionReceipt({ hash })).status).toBe('success')
}
