import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Trigger, type TriggerConfig } from '@jejunetwork/sdk'
import { Webhook } from 'standardwebhooks'
import { type Address, getAddress } from 'viem'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { accountOf, type Chain, startChain } from '../../../../../test/chain.ts'
import { createTrigger } from '../../../../../test/keeper/market.ts'
import { createLog } from '../../log.ts'
import { type Keeper, start } from '../keeper.ts'
import { writeHooks } from './HookFile.ts'

const [AGENT, KEEPER] = [2, 4]
const BODY = '{"price": 1.0}'

let chain: Chain
let folder: string
let keeper: Keeper | undefined

beforeAll(async () => {
  chain = await startChain()
}, 180_000)
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jeju-gateway-'))
})
afterEach(async () => {
  await keeper?.close()
  keeper = undefined
  rmSync(folder, { force: true, recursive: true })
})
afterAll(() => chain?.close())

test('a webhook runs its trigger once, however often and at whatever gateway it comes', async () => {
  const hook = await hooked({ payload: 'full' })
  await keep()
  const first = await send(hook, {})
  expect(first.status).toBe(202)
  const { nonce } = first.body
  // Retries are signed anew with a new time; several may come at once.
  const again = await Promise.all([1, 2, 3].map((later) => send(hook, { later })))
  for (const { body, status } of again) {
    expect([200, 202]).toContain(status)
    expect(body.nonce).toBe(nonce)
  }
  await expect.poll(async () => (await send(hook, {})).body.state, { timeout: 10_000 }).toBe('executed')
  expect(await runsOf(hook)).toMatchObject([{ key: BigInt(nonce), success: true }])

  // Another gateway, or this one with its books lost: the chain remembers.
  await keeper?.close()
  rmSync(join(folder, 'keeper'), { recursive: true })
  writeHooks(join(folder, 'webhooks.json'), [hook.entry])
  await keep()
  expect(await send(hook, {})).toMatchObject({ body: { nonce, state: 'executed' }, status: 200 })
  expect(await runsOf(hook)).toHaveLength(1)
})

test('of a payload whose hash alone goes on chain, a retry is known too', async () => {
  const hook = await hooked({ payload: 'hash' })
  await keep()
  const [one, two] = await Promise.all([send(hook, {}), send(hook, {})])
  expect(two.body.nonce).toBe(one.body.nonce)
  await expect.poll(async () => (await send(hook, {})).body.state, { timeout: 10_000 }).toBe('executed')
  expect(await runsOf(hook)).toHaveLength(1)
})

test('what is not the sender’s is refused with what would have been right', async () => {
  const hook = await hooked({})
  await keep()
  const stranger = { ...hook, secret: `whsec_${randomBytes(32).toString('base64')}` }
  expect(await send(stranger, {})).toMatchObject({ status: 401 })
  expect(await send(hook, { body: '{"price": 1}', signedBody: BODY })).toMatchObject({ status: 401 })
  expect(await send(hook, { later: -301 })).toMatchObject({ status: 400 })
  expect(await send(hook, { body: 'x'.repeat(16_385) })).toMatchObject({
    body: { detail: 'A payload has at most 16384 bytes.' },
    status: 413,
  })
  expect(await runsOf(hook)).toEqual([])

  expect((await send(hook, { id: 'msg_same' })).status).toBe(202)
  expect(await send(hook, { body: '{}', id: 'msg_same' })).toMatchObject({
    body: { detail: 'Another message had this webhook-id, which is for one message and its retries.' },
    status: 409,
  })
  expect(await send({ ...hook, triggerId: hook.triggerId - 1n }, {})).toMatchObject({ status: 404 })
})

test('a trigger that has another key says how that is mended', async () => {
  const hook = await hooked({ deliveryKey: generatePrivateKey() })
  await keep()
  const { body, status } = await send(hook, {})
  expect(status).toBe(409)
  expect(body.detail).toContain(`jeju-compute keeper webhook add ${hook.triggerId}`)
  const { deployment } = chain
  const key = { address: privateKeyToAddress(hook.entry.deliveryKey), type: 'secp256k1' } as const
  await Trigger.updateKey(chain.walletOf(AGENT), { deployment, key, triggerId: hook.triggerId })
  expect((await send(hook, {})).status).toBe(202)
})

test('who asks too often is told to wait', async () => {
  const hook = await hooked({})
  await keep()
  const stranger = { ...hook, secret: `whsec_${randomBytes(32).toString('base64')}` }
  const answers: Heard[] = []
  // Twice what is taken in a minute, for the minute may turn meanwhile.
  for (let n = 0; n < 242; n++) answers.push(await send(stranger, {}))
  const refused = answers.filter(({ status }) => status === 429)
  expect(refused.length).toBeGreaterThan(0)
  expect(refused[0]?.body.detail).toBe('At most 120 deliveries a minute from an address are taken.')
  expect(answers.every(({ status }) => [401, 429].includes(status))).toBe(true)
  expect(await runsOf(hook)).toEqual([])
})

test('a port that is taken is named, and what to do', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as { port: number }
  await expect(keep(port)).rejects.toThrow(
    `Another program listens on port ${port} of 127.0.0.1; end it, or choose another port with --webhook-port or take no deliveries with --no-webhooks.`,
  )
  other.close()
})

type Hooked = Awaited<ReturnType<typeof hooked>>

/** A webhook trigger that is paid for, and its hook; with a key of the hook's own, not the trigger's. */
async function hooked({
  deliveryKey,
  payload = 'full',
}: {
  deliveryKey?: `0x${string}`
  payload?: 'full' | 'hash'
}) {
  const { deployment } = chain
  const ownKey = generatePrivateKey()
  const config: TriggerConfig.Config = {
    key: { address: privateKeyToAddress(ownKey), type: 'secp256k1' },
    kind: 'webhook',
    payload,
    target: TARGET,
  }
  const triggerId = await createTrigger(chain, config, { sponsor: AGENT })
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  const entry = {
    chainId: deployment.chainId,
    deliveryKey: deliveryKey ?? ownKey,
    registry: deployment.triggerRegistry,
    secrets: [secret],
    trigger: String(triggerId),
  }
  writeHooks(join(folder, 'webhooks.json'), [entry])
  return { entry, secret, triggerId }
}

const TARGET: Address = getAddress(`0x${'aa'.repeat(20)}`)

type Sent = { body?: string; signedBody?: string; id?: string; later?: number }
type Heard = { status: number; body: { nonce: string; state: string; detail?: string } }

async function send({ secret, triggerId }: Pick<Hooked, 'secret' | 'triggerId'>, sent: Sent): Promise<Heard> {
  const { body = BODY, id = `msg_${triggerId}`, later = 0, signedBody = body } = sent
  const time = new Date(Date.now() + later * 1000)
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-signature': new Webhook(secret).sign(id, time, signedBody),
    'webhook-timestamp': `${Math.floor(time.getTime() / 1000)}`,
  }
  const url = `${keeper?.url}/v1/triggers/${triggerId}/deliveries`
  const response = await fetch(url, { body, headers, method: 'POST' })
  return { body: (await response.json()) as Heard['body'], status: response.status }
}

const runsOf = ({ triggerId }: Hooked) =>
  Trigger.runs(chain.client, { deployment: chain.deployment, triggerId })

async function keep(port = 0): Promise<void> {
  const account = accountOf(KEEPER)
  const { client, deployment } = chain
  const config = {
    dataDir: join(folder, 'keeper'),
    deployment,
    pollMs: 50,
    sessions: false,
    unpaid: false,
    webhooks: { hooksFile: join(folder, 'webhooks.json'), host: '127.0.0.1', port },
  }
  const { signal } = new AbortController()
  keeper = await start(config, { account, client, log: createLog({ level: 'silent' }), signal })
}
