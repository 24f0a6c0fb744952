import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ComputeRentalAbi, Rental } from '@jejunetwork/sdk'
import { type Address, erc20Abi, parseEther, zeroHash } from 'viem'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { accountOf, type Chain, startChain } from '../../../../test/chain.ts'
import { type Dollar, deployDollar } from '../../../../test/Dollar.ts'
import { createLog } from '../log.ts'
import { start } from './provider.ts'

const [OWNER, RENTER] = [1, 2]
/** Six dollars an hour, which as wei would never be worth their gas. */
const PRICE = 6_000_000n
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGpKPFGGTHWmjtLtIDHpMcSFwbBp9KrpYmhxHMDYcx9N'

let chain: Chain
let dollar: Dollar
let owner: Address

beforeAll(async () => {
  chain = await startChain()
  owner = chain.walletOf(OWNER).account.address
  dollar = await deployDollar(chain)
}, 180_000)
afterAll(() => chain?.close())

test('pay in a token is fetched each day, and the last of it when it has matured', async () => {
  const providerId = await serve()
  await rental(OWNER, 'setTokenPrice', [dollar.address, PRICE])
  const sessionId = await rentByToken(providerId, 30n)
  await expect.poll(() => statusOf(sessionId), { timeout: 15_000 }).toBe('running')

  await chain.warp(26 * 3_600)
  await expect.poll(() => dollar.balanceOf(owner), { timeout: 15_000 }).toBeGreaterThanOrEqual(24n * PRICE)
  await chain.warp(6 * 3_600)
  await expect.poll(() => dollar.balanceOf(owner), { timeout: 15_000 }).toBe(30n * PRICE)
})

/** A node of the owner's that serves until the test is over; its provider's id. */
async function serve(): Promise<bigint> {
  const dataDir = mkdtempSync(join(tmpdir(), 'jeju-collect-'))
  const account = accountOf(OWNER)
  const node = await start(
    {
      dataDir,
      deployment: chain.deployment,
      host: '127.0.0.1',
      httpPort: 0,
      inference: false,
      pricePerHour: parseEther('0.01'),
      publicUrl: 'http://127.0.0.1:0',
      removeMachinesOnClose: true,
      runtime: 'process',
      sshHost: '127.0.0.1',
      sshPort: 0,
      stake: parseEther('0.1'),
    },
    {
      account,
      client: chain.client,
      log: createLog({ to: { write: () => true } }),
      signal: new AbortController().signal,
    },
  )
  onTestFinished(async () => {
    await node.close()
    rmSync(dataDir, { recursive: true })
  })
  return node.providerId
}

async function rentByToken(providerId: bigint, hours: bigint): Promise<bigint> {
  const price = PRICE * hours
  await dollar.mint(chain.walletOf(RENTER).account.address, price)
  const hash = await chain.walletOf(RENTER).writeContract({
    abi: erc20Abi,
    address: dollar.address,
    args: [chain.deployment.computeRental, price],
    functionName: 'approve',
  })
  await chain.client.waitForTransactionReceipt({ hash })
  await rental(RENTER, 'createSessionFor', [providerId, hours, KEY, dollar.address, '', zeroHash, price])
  return 1n
}

async function rental(
  index: number,
  functionName: 'createSessionFor' | 'setTokenPrice',
  args: unknown[],
): Promise<void> {
  const call = { abi: ComputeRentalAbi, address: chain.deployment.computeRental, args, functionName }
  const hash = await chain.walletOf(index).writeContract(call as never)
  const { status } = await chain.client.waitForTransactionReceipt({ hash })
  expect(status).toBe('success')
}

const statusOf = (sessionId: bigint) =>
  Rental.statusOf(chain.client, { deployment: chain.deployment, sessionId })
