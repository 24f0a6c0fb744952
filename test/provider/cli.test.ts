import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  ComputeRegistryAbi,
  ComputeStakingAbi,
  IdentityRegistryAbi,
  ProviderFlagsAbi,
} from '@jejunetwork/contracts'
import { parseEther } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chain, startChain } from '../chain.ts'
import { createHome, type Home, run } from '../jejuCompute.ts'

const DAY = 86_400

let chain: Chain
let home: Home

beforeAll(async () => {
  chain = await startChain()
  home = createHome(chain)
})

afterAll(async () => {
  await chain?.close()
  home?.remove()
})

test('an operator registers, is an agent, and changes terms', async () => {
  const registered = await json([
    'provider',
    'register',
    '--endpoint',
    'http://127.0.0.1:1',
    '--price',
    '0.5',
  ])
  expect(registered).toMatchObject({ pricePerHour: '500000000000000000', providerId: '1' })
  expect(await tokenUri(0n)).toBe('http://127.0.0.1:1/.well-known/agent-registration.json')

  expect(await said(['provider', 'price', '0.25'])).toContain(
    'New sessions at provider 1 cost 0.25 ETH an hour',
  )
  expect(await said(['provider', 'endpoint', 'http://127.0.0.1:2/'])).toContain(
    'is reached at http://127.0.0.1:2;',
  )
  expect(await tokenUri(0n), "the agent's file moves too").toBe(
    'http://127.0.0.1:2/.well-known/agent-registration.json',
  )
  const operator = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
  expect(await json(['provider', 'operator', operator.toLowerCase()])).toMatchObject({ operator })
  expect(await json(['provider', 'pause'])).toMatchObject({ active: false, providerId: '1' })
  expect(await said(['provider', 'hardware'])).toBe('The chain has it as it is.\n')
  expect(await json(['provider', 'status'])).toMatchObject({
    active: false,
    endpoint: 'http://127.0.0.1:2',
    pricePerHour: '250000000000000000',
  })

  // Registering again keeps what was set meanwhile, but for what is given.
  await json(['provider', 'register', '--endpoint', 'http://127.0.0.1:3'])
  expect(await json(['provider', 'status'])).toMatchObject({
    endpoint: 'http://127.0.0.1:3',
    pricePerHour: '250000000000000000',
  })
  expect(await said(['provider', 'resume'])).toBe('Provider 1 takes new sessions.\n')
})

test('an operator is told what to mend', async () => {
  const { code, stdout } = await run(['provider', 'doctor'], home.env)
  expect(stdout).toMatch(/^ok {2}stake +0\.1 ETH$/m)
  expect(stdout).toMatch(/^NO {2}node +no answer +run `jeju-compute provider start`/m)
  expect(stdout).toMatch(/^NO {2}SSH +not told by the node/m)
  expect(stdout).toContain('2 of 8 need mending.')
  expect(code).toBe(1)
})

test.each([
  [['provider', 'price', '0'], 'The price of an hour is above 0.'],
  [['provider', 'endpoint', 'mynode'], 'The endpoint is an http(s) URL without a query'],
  [['provider', 'operator', 'me'], 'The operator is an address, or none; it was "me".'],
  [['provider', 'withdraw'], 'All 0.1 ETH back a role; `jeju-compute provider unregister` frees'],
  [['providers', '--level', '3'], '--level is one of 1, 2; it was "3".'],
  [['providers', '--tee', 'abc'], '--tee is one of sgx, tdx, sev-snp, nvidia; it was "abc".'],
  [['providers', '--min-gpus', '0'], '--min-gpus is a whole number above 0; it was "0".'],
])('refuses %j in one sentence', async (args, sentence) => {
  const { code, stderr, stdout } = await run(args, home.env)
  expect(stderr).toContain(sentence)
  expect(stderr).not.toContain('    at ')
  expect(stdout).toBe('')
  expect(code).toBe(1)
})

test('providers are found by what they claim, cost and are said of, and those that do not answer are marked', async () => {
  const answering = createServer((_request, response) => response.end('{}')).listen(0, '127.0.0.1')
  await once(answering, 'listening')
  try {
    const endpoint = `http://127.0.0.1:${(answering.address() as AddressInfo).port}`
    await offer(4, { endpoint, hardware: '{"gpuCount":8,"gpuModel":"NVIDIA H100 80GB HBM3"}', price: '2' })
    await offer(5, { hardware: '{"gpuCount":1,"gpuModel":"NVIDIA H100 80GB HBM3"}', price: '1' })
    await flag(3n, 'sells what it has not')
    const ids = async (...args: string[]) =>
      ((await json(['providers', ...args])) as { providerId: string }[]).map(({ providerId }) => providerId)

    expect(await ids()).toEqual(['1', '2'])
    expect(await ids('--gpu', 'h100')).toEqual(['2'])
    expect(await ids('--gpu', 'H100', '--all')).toEqual(['2', '3'])
    expect(await ids('--min-gpus', '2', '--all')).toEqual(['2'])
    expect(await ids('--max-price', '1.5')).toEqual(['1'])
    expect(await ids('--level', '1', '--all')).toEqual([])
    expect(await said(['providers', '--level', '2'])).toBe(
      'Nobody offers that here; ask for less, or --all.\n',
    )

    const shown = await said(['providers', '--all'])
    expect(shown).toMatch(/^ID +PRICE +MACHINE \(CLAIMED\) +PROVEN +RATED +ENDPOINT/)
    expect(shown).toMatch(/^1 .*http:\/\/127\.0\.0\.1:3 +does not answer$/m)
    expect(shown).toMatch(new RegExp(`^2 .*8 × NVIDIA H100 80GB HBM3 +nothing +${endpoint}$`, 'm'))
    expect(shown).toMatch(/^3 .*flagged: sells what it has not, does not answer$/m)
  } finally {
    answering.close()
  }
})

test('an operator leaves with its stake, seven days after it asked', async () => {
  const left = await said(['provider', 'unregister'])
  expect(left).toContain(
    'Provider 1 is off the market, and its node may stop. Its stake of 0.1 ETH leaves by',
  )
  expect((await run(['provider', 'pause'], home.env)).stderr).toContain('is no provider')

  expect(await json(['provider', 'withdraw', '0.04'])).toMatchObject({ pending: '40000000000000000' })
  expect(await json(['provider', 'withdraw', 'all'])).toMatchObject({ pending: '100000000000000000' })
  const early = await run(['provider', 'withdraw'], home.env)
  expect(early.stderr).toMatch(/^0\.1 ETH can be taken from .* UTC on\. Stake leaves seven days after/)
  expect(early.code).toBe(75)
  await chain.warp(7 * DAY)
  expect(await json(['provider', 'withdraw'])).toMatchObject({ withdrawn: '100000000000000000' })
  expect((await run(['provider', 'withdraw'], home.env)).stderr).toContain('has no stake.')
})

async function said(args: readonly string[]): Promise<string> {
  const { code, stderr, stdout } = await run(args, home.env)
  expect(code, `${args.join(' ')}: ${stderr}`).toBe(0)
  return stdout
}

async function json(args: readonly string[]): Promise<unknown> {
  const { code, stderr, stdout } = await run([...args, '--json'], home.env)
  expect(code, `${args.join(' ')}: ${stderr}`).toBe(0)
  return JSON.parse(stdout)
}

async function tokenUri(agentId: bigint): Promise<string> {
  return chain.client.readContract({
    abi: IdentityRegistryAbi,
    address: chain.deployment.identityRegistry,
    args: [agentId],
    functionName: 'tokenURI',
  })
}

async function offer(
  account: number,
  {
    endpoint = 'http://127.0.0.1:1',
    hardware,
    price,
  }: { endpoint?: string; hardware: string; price: string },
): Promise<void> {
  const hash = await chain.walletOf(account).writeContract({
    abi: ComputeRegistryAbi,
    address: chain.deployment.computeRegistry,
    args: [endpoint, hardware, parseEther(price)],
    functionName: 'register',
    value: parseEther('0.1'),
  })
  await chain.client.waitForTransactionReceipt({ hash })
}

/** Three guardians flag a provider. */
async function flag(providerId: bigint, reason: string): Promise<void> {
  const { computeStaking, providerFlags } = chain.deployment
  const guardians = [6, 7, 8].map((account) => chain.walletOf(account))
  const staking = { abi: ComputeStakingAbi, address: computeStaking } as const
  for (const guardian of guardians) {
    await guardian.writeContract({ ...staking, functionName: 'stake', value: parseEther('1') })
    await guardian.writeContract({ ...staking, functionName: 'becomeGuardian' })
  }
  await chain.warp(7 * DAY)
  const flags = { abi: ProviderFlagsAbi, address: providerFlags } as const
  for (const [index, guardian] of guardians.entries())
    if (index === 0)
      await guardian.writeContract({ ...flags, args: [providerId, reason], functionName: 'open' })
    else await guardian.writeContract({ ...flags, args: [providerId, true], functionName: 'vote' })
  await chain.warp(3 * DAY)
  await chain.walletOf(6).writeContract({ ...flags, args: [providerId], functionName: 'resolve' })
}
