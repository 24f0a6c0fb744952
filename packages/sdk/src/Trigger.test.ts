import { getAddress, type Hex, keccak256, parseEther, parseGwei, toHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chain, startChain } from '../../../test/chain.ts'
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

test('a config that the chain would refuse is refused before', () => {
  const cron = { expression: '@daily', kind: 'cron' } as const
  expect(() => TriggerConfig.encode({ ...cron, gasLimit: 10_000_001 })).toThrow('The gas limit is')
  expect(() => TriggerConfig.encode({ ...cron, maxDelay: 90 })).toThrow('The most minutes of delay is')
  expect(() => TriggerConfig.encode({ ...cron, utcOffset: 57 })).toThrow('The offset from UTC')
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

test('a sponsored tick is due, runs once, and is found in the log', async () => {
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
  expect(await Trigger.runs(client, { deployment, triggerId })).toMatchObject([
    { key: dueTick, success: true },
  ])
})

test('a delivery is due if the key signed it, as the chain sees it', async () => {
  const { client, deployment } = chain
  const signer = chain.accounts[6]
  if (!signer) throw new Error('There is no such account.')
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
