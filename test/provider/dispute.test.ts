import { ComputeRegistryAbi, ComputeRentalAbi } from '@jejunetwork/contracts'
import { Staking } from '@jejunetwork/sdk'
import { type Abi, type Address, erc20Abi, parseEther, parseUnits, toHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chain, keyOf, startChain } from '../chain.ts'
import { type Dollar, deployDollar } from '../Dollar.ts'
import { createHome, type Home, run } from '../jejuCompute.ts'

const DAY = 86_400
const HOUR = 3_600
const [PROVIDER, RENTER] = [4, 5]
const GUARDIANS = [6, 7, 8]
const PRICE = parseEther('0.01')
/** Six dollars an hour. */
const TOKEN_PRICE = 6_000_000n
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGpKPFGGTHWmjtLtIDHpMcSFwbBp9KrpYmhxHMDYcx9N'

let chain: Chain
let home: Home
let dollar: Dollar
let renter: Address

beforeAll(async () => {
  chain = await startChain()
  home = createHome(chain)
  home.env['JEJU_PRIVATE_KEY'] = keyOf(RENTER)
  renter = chain.walletOf(RENTER).account.address
  dollar = await deployDollar(chain)
  await call(PROVIDER, 'registry', 'register', ['https://a.example', '', PRICE], parseEther('0.1'))
  await call(PROVIDER, 'rental', 'setTokenPrice', [dollar.address, TOKEN_PRICE])
})

afterAll(async () => {
  await chain?.close()
  home?.remove()
})

test('where nobody could decide, a dispute is refused before money moves', async () => {
  await call(RENTER, 'rental', 'createSession', [1n, 1n, KEY], PRICE)
  await begin(1n)
  await chain.warp(HOUR)
  const before = await chain.client.getBalance({ address: renter })
  const { code, stderr } = await run(['dispute', '1'], home.env)
  expect(stderr).toBe(
    'Nobody could decide about session 1, and nothing was paid: a dispute takes 3 guardians of seven days or more who are neither renter nor provider, and this market has 0; `jeju-compute guardian join` makes one.\n',
  )
  expect(code).toBe(1)
  expect(await chain.client.getBalance({ address: renter })).toBe(before)
})

test('a session in tokens is extended and disputed by approvals of what that takes, and shown so', async () => {
  for (const index of GUARDIANS) {
    const { deployment } = chain
    await Staking.stake(chain.walletOf(index), { amount: parseEther('1'), deployment })
    await Staking.becomeGuardian(chain.walletOf(index), { deployment })
  }
  await chain.warp(7 * DAY)
  await rentByToken()
  const rental = chain.deployment.computeRental
  const { JEJU_PRIVATE_KEY: _, ...stranger } = home.env
  expect((await run(['terminate', '2'], stranger)).stderr).toContain(`Session 2 is of ${renter}; this wallet`)

  expect(await refused('extend', '2', '1')).toBe(
    `${renter} holds 0 TUSD (${dollar.address}), and this takes 6 TUSD (${dollar.address}); nothing was paid.\n`,
  )
  await dollar.mint(renter, 100_000_000n)
  const approval = `ComputeRental, ${rental}, is approved to take 6 TUSD (${dollar.address}) from you at most.`
  await onAnotherChain(async (env) => {
    expect(await run(['extend', '2', '1'], env), 'where money is real').toEqual({
      code: 1,
      stderr: `${approval} Extend session 2 by 1 h for 6 TUSD (${dollar.address})? Pass --yes to agree.\n`,
      stdout: '',
    })
    expect((await run(['terminate', '2'], env)).stderr).toMatch(/^End session 2\? .* Pass --yes to agree\.$/m)
  })
  expect(await dollar.allowance(renter, rental), 'before anybody agreed').toBe(0n)
  const extended = await run(['extend', '2', '1'], home.env)
  expect(extended.stderr).toContain(`${approval} 1 h more of session 2 cost 6 TUSD`)
  expect(extended.stdout).toMatch(/^paid +6 TUSD /m)
  expect(await dollar.allowance(renter, rental), 'taken whole').toBe(0n)

  await chain.warp(2 * HOUR)
  await onAnotherChain(async (env) => {
    const asked = await run(['dispute', '2'], env)
    expect(asked).toMatchObject({ code: 1, stdout: '' })
    expect(asked.stderr).toMatch(
      /^ComputeRental, 0x\w+, is approved to take 1\.\d+ TUSD \(0x\w+\) from you at most\. Dispute 5\.9\d+ TUSD \(0x\w+\) of session 2, .* Pass --yes to agree\.$/m,
    )
  })
  expect(await dollar.allowance(renter, rental), 'before anybody agreed').toBe(0n)
  const disputed = await run(['dispute', '2'], home.env)
  // Each second that passes matures some of the pay, and so takes a little off the bond.
  const [, approved] =
    /^ComputeRental, 0x\w+, is approved to take (1\.\d+) TUSD \(0x\w+\) from you at most\. Giving a bond of \1 TUSD /.exec(
      disputed.stderr,
    ) ?? []
  expect(Number(approved), disputed.stderr).toBeCloseTo(1.2, 1)
  expect(disputed.stdout).toMatch(/^before the guardians +5\.9\d+ TUSD /m)
  const spent = 94_000_000n - (await dollar.balanceOf(renter))
  expect(parseUnits(approved ?? '', 6) - spent, 'no more than was needed').toBe(
    await dollar.allowance(renter, rental),
  )
  expect(await dollar.allowance(renter, rental)).toBeLessThan(10_000n)
})

test('a disputed session is called that until it is decided', async () => {
  const { stdout } = await run(['sessions'], home.env)
  expect(stdout).toMatch(/^2 +disputed +1 .* 12 TUSD /m)
  expect(stdout).toMatch(/^1 +ended +1 .* 0\.01 ETH$/m)
  expect(await refused('dispute', '2')).toBe(
    'Session 2 is before the guardians already; `jeju-compute guardian cases` shows the votes.\n',
  )
  expect((await run(['guardian', 'cases'], home.env)).stdout).toMatch(/^2 +1 +5\.9\d+ TUSD /m)
  await chain.warp(3 * DAY)
  await run(['guardian', 'resolve', '2'], home.env)
  const sessions = JSON.parse((await run(['sessions', '--json'], home.env)).stdout)
  expect(sessions).toMatchObject([{ status: 'ended', token: dollar.address }, { status: 'ended' }])
})

test('what a provider earned is told by currency', async () => {
  const { stdout } = await run(['provider', 'status'], { ...home.env, JEJU_PRIVATE_KEY: keyOf(PROVIDER) })
  expect(stdout).toMatch(
    /^rental pay +6\.\d+ TUSD \(0x\w+\) and 0 ETH collected, 0 TUSD \(0x\w+\) and 0\.01 ETH to collect,/m,
  )
})

/** Calls with an environment in which the chain is not a local one. */
async function onAnotherChain(work: (env: NodeJS.ProcessEnv) => Promise<void>): Promise<void> {
  const chainId = 7
  const own = createHome({ deployment: { ...chain.deployment, chainId }, rpcUrl: chain.rpcUrl })
  const become = (id: number) =>
    chain.client.request<{ Method: string; Parameters: [number]; ReturnType: null }>({
      method: 'anvil_setChainId',
      params: [id],
    })
  await become(chainId)
  try {
    await work({ ...own.env, JEJU_PRIVATE_KEY: home.env['JEJU_PRIVATE_KEY'] })
  } finally {
    await become(chain.deployment.chainId)
    own.remove()
  }
}

/** Session 2, of an hour, for all the dollars that the renter has. */
async function rentByToken(): Promise<void> {
  await dollar.mint(renter, TOKEN_PRICE)
  const hash = await chain.walletOf(RENTER).writeContract({
    abi: erc20Abi,
    address: dollar.address,
    args: [chain.deployment.computeRental, TOKEN_PRICE],
    functionName: 'approve',
  })
  await chain.client.waitForTransactionReceipt({ hash })
  const order = [1n, 1n, KEY, dollar.address, '', toHex(0, { size: 32 }), TOKEN_PRICE]
  await call(RENTER, 'rental', 'createSessionFor', order)
  await begin(2n)
}

const begin = (sessionId: bigint) =>
  call(PROVIDER, 'rental', 'activateSession', [sessionId, toHex('access', { size: 32 })])

async function refused(...args: readonly string[]): Promise<string> {
  const { code, stderr } = await run(args, home.env)
  expect(code).toBe(1)
  return stderr
}

async function call(
  account: number,
  to: 'registry' | 'rental',
  functionName: string,
  args: unknown[],
  value = 0n,
): Promise<void> {
  const { computeRegistry, computeRental } = chain.deployment
  const [abi, address]: [Abi, Address] =
    to === 'registry' ? [ComputeRegistryAbi, computeRegistry] : [ComputeRentalAbi, computeRental]
  const hash = await chain.walletOf(account).writeContract({ abi, address, args, functionName, value })
  expect((await chain.client.waitForTransactionReceipt({ hash })).status, functionName).toBe('success')
}
