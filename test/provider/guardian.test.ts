import { ComputeRegistryAbi, ComputeRentalAbi } from '@jejunetwork/contracts'
import { type Abi, parseEther, toHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chain, keyOf, startChain } from '../chain.ts'
import { createHome, type Home, run } from '../jejuCompute.ts'

const DAY = 86_400
const PROVIDER = 4
const RENTER = 5
const GUARDIANS = [6, 7, 8]

let chain: Chain
let homes: Home[]

beforeAll(async () => {
  chain = await startChain()
  homes = [...GUARDIANS, RENTER].map((index) => {
    const home = createHome(chain)
    return { ...home, env: { ...home.env, JEJU_PRIVATE_KEY: keyOf(index) } }
  })
})

afterAll(async () => {
  await chain?.close()
  for (const home of homes ?? []) home.remove()
})

test('guardians decide about disputed pay, and share its bond', async () => {
  for (const index of [0, 1, 2])
    expect(await guardian(index, 'join')).toMatchObject({ staked: '1000000000000000000' })
  await stakesOnce(0, 'guardian')
  await chain.warp(7 * DAY)
  await rentTwoHours()
  expect(await refusedOf(['dispute', '1'], env(0))).toContain('Session 1 is of 0x')
  expect(await refusedOf(['dispute', '7'], renter())).toContain('There is no session 7;')
  const disputed = await json(['dispute', '1'], renter())
  const bond = BigInt(String(disputed['bond']))
  expect(bond, 'a fifth, rounded up').toBe((BigInt(String(disputed['held'])) + 4n) / 5n)
  expect(await refusedOf(['dispute', '1'], renter())).toContain('Session 1 is before the guardians already; ')

  expect(await guardian(0, 'cases')).toMatchObject([{ against: '0', providerId: '1', sessionId: '1' }])
  expect(await refused(0, 'vote', '9', 'for')).toContain(
    'Session 9 is not disputed; `jeju-compute guardian cases`',
  )
  expect(await refused(0, 'vote', '1', 'maybe')).toContain('The vote is against or for; it was "maybe".')
  for (const index of [0, 1, 2]) await guardian(index, 'vote', '1', index === 0 ? 'for' : 'against')
  expect(await refused(0, 'vote', '1', 'for')).toContain('already voted')
  expect(await refused(0, 'resolve', '1')).toContain('voting goes on')
  await chain.warp(3 * DAY)
  await guardian(1, 'resolve', '1')
  expect(await guardian(1, 'cases')).toEqual([])
  const { share } = (await guardian(0, 'share', '1')) as { share: string }
  expect(BigInt(share), 'a third of the bond').toBe(bond / 3n)
})

test('a renter rates, with a stake that he gets back', async () => {
  const rating = { providerId: '1', score: 2, sessionId: '1', staked: '10000000000000000' }
  expect(await refusedOf(['rate', '1', '6'], renter())).toContain(
    'The score is 1 to 5, 5 being best; it was "6".',
  )
  expect(await json(['rate', '1', '2'], renter())).toMatchObject(rating)
  expect(await json(['rate', '1', '4'], renter())).toMatchObject({ ...rating, score: 4, staked: '0' })
  const { stdout } = await run(['providers', '--all', '--json'], renter())
  expect(JSON.parse(stdout)).toMatchObject([{ providerId: '1', rating: { count: '1', mean: 4 } }])
  expect(await json(['ledger', 'unstake'], renter())).toMatchObject({ pending: '10000000000000000' })
  expect(await refusedOf(['ledger', 'unstake'], renter(), 75)).toContain('0.01 ETH can be taken from')
  await json(['guardian', 'join'], renter())
  await json(['guardian', 'resign'], renter())
  expect(await refusedOf(['guardian', 'withdraw'], renter(), 75)).toContain(
    '`jeju-compute guardian withdraw all` asks for 1.01 ETH instead, with the seven days anew.',
  )
})

test('whoever is an attester stakes nothing to become one again', async () => {
  expect(await refusedOf(['attester', 'join', '--stake', '0.5'], env(1))).toContain(
    'must stake 1 ETH at least; nothing was staked.',
  )
  await json(['attester', 'join'], env(1))
  await stakesOnce(1, 'attester')
})

test('guardians flag a provider with a reason, and take the flag away', async () => {
  expect(await refused(0, 'flag', '9', 'no')).toContain('There is no provider 9;')
  expect(await guardian(0, 'flag', '1', 'serves', 'nothing')).toMatchObject({
    flagging: true,
    reason: 'serves nothing',
  })
  for (const index of [1, 2]) await guardian(index, 'flag-vote', '1', 'yes')
  const open = await run(['guardian', 'flag', '1'], env(0))
  expect(open.stdout).toMatch(
    /^Provider 1 is not flagged\. Guardians vote on flagging it \(serves nothing\) until .*: 3 for/,
  )
  await chain.warp(3 * DAY)
  expect(await guardian(2, 'flag-resolve', '1')).toMatchObject({ reason: 'serves nothing' })
  expect(await guardian(2, 'flag', '1', 'it serves again')).toMatchObject({ flagging: false })
})

test('a guardian leaves with its stake', async () => {
  expect(await refused(2, 'withdraw')).toContain('All 1 ETH back a role;')
  await guardian(2, 'resign')
  expect(await guardian(2, 'withdraw')).toMatchObject({ pending: '1000000000000000000' })
  await chain.warp(7 * DAY)
  expect(await guardian(2, 'withdraw')).toMatchObject({ withdrawn: '1000000000000000000' })
})

const env = (index: number) => homes[index]?.env ?? {}

const renter = () => env(GUARDIANS.length)

const guardian = (index: number, ...args: readonly string[]) => json(['guardian', ...args], env(index))
const refused = (index: number, ...args: readonly string[]) => refusedOf(['guardian', ...args], env(index))

async function json(args: readonly string[], as: NodeJS.ProcessEnv): Promise<Record<string, unknown>> {
  const { code, stderr, stdout } = await run([...args, '--json'], as)
  expect(code, `${args.join(' ')}: ${stderr}`).toBe(0)
  return JSON.parse(stdout)
}

async function refusedOf(args: readonly string[], as: NodeJS.ProcessEnv, exitCode = 1): Promise<string> {
  const { code, stderr } = await run(args, as)
  expect(stderr).not.toContain('    at ')
  expect(code).toBe(exitCode)
  return stderr
}

/** Joining again is refused, and leaves the stake as it is. */
async function stakesOnce(index: number, role: 'guardian' | 'attester'): Promise<void> {
  const before = await json(['ledger', 'balance'], env(index))
  expect(await refusedOf([role, 'join'], env(index))).toContain(' already; nothing was staked.')
  expect(await json(['ledger', 'balance'], env(index))).toMatchObject({ staked: before['staked'] })
}

/** A session of two hours that is just over. */
async function rentTwoHours(): Promise<void> {
  const { computeRegistry, computeRental } = chain.deployment
  const call = async (
    account: number,
    to: 'registry' | 'rental',
    functionName: string,
    args: unknown[],
    value = 0n,
  ) => {
    const [abi, address]: [Abi, `0x${string}`] =
      to === 'registry' ? [ComputeRegistryAbi, computeRegistry] : [ComputeRentalAbi, computeRental]
    const hash = await chain.walletOf(account).writeContract({ abi, address, args, functionName, value })
    expect((await chain.client.waitForTransactionReceipt({ hash })).status, functionName).toBe('success')
  }
  const price = parseEther('0.01')
  await call(PROVIDER, 'registry', 'register', ['https://a.example', '', price], parseEther('0.1'))
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGpKPFGGTHWmjtLtIDHpMcSFwbBp9KrpYmhxHMDYcx9N'
  await call(RENTER, 'rental', 'createSession', [1n, 2n, key], 2n * price)
  await call(PROVIDER, 'rental', 'activateSession', [1n, toHex('access', { size: 32 })])
  await chain.warp(7_200)
}
