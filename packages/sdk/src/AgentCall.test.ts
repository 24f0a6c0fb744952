import { type Hash, toHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accounts, type Chain, startChain } from '../../../test/chain.ts'
import * as AgentCall from './AgentCall.ts'
import { TriggerRegistryAbi as abi } from './Deployment.ts'
import * as Trigger from './Trigger.ts'
import type * as TriggerConfig from './TriggerConfig.ts'
import * as TriggerInput from './TriggerInput.ts'

const [AGENT, KEEPER, SIGNER] = [2, 4, 6]
const keeper = accounts[KEEPER] ?? fail()
const signer = accounts[SIGNER] ?? fail()
const agent = (accounts[AGENT] ?? fail()).address

let chain: Chain
let cron: AgentCall.AgentCall
let webhook: AgentCall.AgentCall

beforeAll(async () => {
  chain = await startChain()
  const tick = await create({ expression: '* * * * *', gasLimit: 0, kind: 'cron' })
  const delivered = await create({
    gasLimit: 0,
    key: { address: signer.address, type: 'secp256k1' },
    kind: 'webhook',
  })
  await chain.warp(60)
  const { client, deployment } = chain
  const { dueTick = 0n } = await Trigger.get(client, { deployment, triggerId: tick })
  cron = await executed({ input: TriggerInput.ofTick(dueTick), key: dueTick, triggerId: tick })

  const { timestamp } = await client.getBlock()
  const delivery = { nonce: 3n, payload: toHex('{"price": 1}'), timestamp, triggerId: delivered }
  const signature = await TriggerInput.signDelivery(signer, { ...delivery, deployment })
  const input = TriggerInput.ofDelivery({ ...delivery, signature })
  webhook = await executed({ input, key: 3n, triggerId: delivered })
}, 180_000)
afterAll(() => chain?.close())

test('a call is what the chain says of its execution', () => {
  expect(cron).toMatchObject({ agent, kind: 'cron', payload: '0x' })
  expect(webhook).toMatchObject({ agent, kind: 'webhook', payload: toHex('{"price": 1}') })
})

test('a signed call is verified, by the chain or by a keeper that is known', async () => {
  for (const call of [cron, webhook]) {
    const request = await signed(call)
    expect(await byChain(request)).toEqual({ ...call, keeper: keeper.address })
    expect(await byKeeper(request)).toEqual({ ...call, keeper: keeper.address })
    const bytes = { body: new TextEncoder().encode(request.body), headers: new Headers(request.headers) }
    expect(await byChain(bytes)).toEqual({ ...call, keeper: keeper.address })
  }
})

test('a changed body, time or signature is another keeper’s word at best', async () => {
  const good = await signed(webhook)
  const other = { ...good, body: good.body.replace('"3"', '"4"') }
  await expect(byKeeper(other)).rejects.toThrow('which is none of the keepers that are believed here')
  const later = { ...good.headers, 'jeju-timestamp': String(Number(good.headers['jeju-timestamp']) + 1) }
  await expect(byKeeper({ ...good, headers: later })).rejects.toThrow('which is none of the keepers')
  const none = { ...good.headers, 'jeju-signature': `0x${'00'.repeat(65)}` }
  await expect(byKeeper({ ...good, headers: none })).rejects.toThrow(
    'The signature of the call is not valid.',
  )
})

test('who asks the chain believes nobody’s invention', async () => {
  const forged = { ...webhook, payload: toHex('{"price": 2}') }
  await expect(byChain(await signed(forged))).rejects.toThrow('The call says something else than the chain.')
  await expect(byChain(await signed({ ...cron, key: cron.key + 60n }))).rejects.toThrow('did not run for')
  await expect(byChain(await signed({ ...cron, transaction: webhook.transaction }))).rejects.toThrow(
    'did not run for',
  )
})

test('what is not for this agent, this registry or this hour is refused in words', async () => {
  const options = { agent: keeper.address, deployment: chain.deployment, keepers: [keeper.address] }
  await expect(AgentCall.verify(await signed(cron), options)).rejects.toThrow(
    `The call is for agent ${agent}`,
  )
  const deployment = { ...chain.deployment, triggerRegistry: agent }
  await expect(AgentCall.verify(await signed(cron), { ...options, agent, deployment })).rejects.toThrow(
    'of another registry',
  )
  await expect(byKeeper(await signed(cron, -301))).rejects.toThrow('not within 5 minutes')
  await expect(byKeeper({ body: '{}', headers: {} })).rejects.toThrow(
    'Headers jeju-timestamp and jeju-signature',
  )
  const { headers } = await signed(cron)
  await expect(byKeeper({ body: 'hello', headers })).rejects.toThrow('The body of a call is JSON.')
  await expect(byKeeper({ body: 'null', headers })).rejects.toThrow('of another registry')
})

const byChain = (request: AgentCall.verify.Request) =>
  AgentCall.verify(request, { agent, client: chain.client, deployment: chain.deployment })
const byKeeper = (request: AgentCall.verify.Request) =>
  AgentCall.verify(request, { agent, deployment: chain.deployment, keepers: [keeper.address] })

async function signed(call: AgentCall.AgentCall, age = 0) {
  const { deployment } = chain
  const body = AgentCall.encode(call, { deployment })
  const timestamp = BigInt(Math.floor(Date.now() / 1000) + age)
  return { body, headers: await AgentCall.sign(keeper, { body, call, deployment, timestamp }) }
}

async function create(config: TriggerConfig.Config): Promise<bigint> {
  const { triggerId } = await Trigger.create(chain.walletOf(AGENT), { config, deployment: chain.deployment })
  return triggerId
}

/** No trigger's id: it is skipped, and the one after it has the same input. */
const NOBODYS = 1_000_000n

type Run = { input: `0x${string}`; key: bigint; triggerId: bigint }

async function executed({ input, key, triggerId }: Run): Promise<AgentCall.AgentCall> {
  const { client, deployment } = chain
  const transaction: Hash = await chain.walletOf(KEEPER).writeContract({
    abi,
    address: deployment.triggerRegistry,
    args: [[NOBODYS, triggerId], [input]],
    functionName: 'executeMany',
    gas: 600_000n,
  })
  await client.waitForTransactionReceipt({ hash: transaction })
  return (await AgentCall.find(client, { deployment, key, transaction, triggerId })) ?? fail()
}

function fail(): never {
  throw new Error('It is not there.')
}
