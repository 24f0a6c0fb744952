import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ComputeRentalAbi, InferenceServingAbi, LedgerManagerAbi, Registry, Rental } from '@jejunetwork/sdk'
import { type Address, pad, parseEther, toHex, zeroHash } from 'viem'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { accountOf, type Chain, startChain } from '../../../../test/chain.ts'
import { createLog } from '../log.ts'
import { type Keeper, start } from './keeper.ts'

const [PROVIDER, RENTER, STRANGER, KEEPER] = [1, 2, 3, 4]
const HOUR = parseEther('0.01')

let chain: Chain
let keeper: Keeper | undefined
const dataDir = mkdtempSync(join(tmpdir(), 'jeju-top-ups-'))

beforeEach(async () => {
  chain = await startChain()
}, 180_000)
afterEach(async () => {
  await keeper?.close()
  await chain?.close()
  rmSync(dataDir, { force: true, recursive: true })
})

test('what a named account runs low of is refilled, as often as it said, and nobody else’s', async () => {
  const { client, deployment } = chain
  const offer = { endpoint: 'https://node.example', hardwareAttestation: '{}', pricePerHour: HOUR }
  const { providerId } = await Registry.register(chain.walletOf(PROVIDER), {
    deployment,
    ...offer,
    stake: parseEther('0.1'),
  })
  const sshPublicKey = `ssh-ed25519 ${'A'.repeat(68)}`
  const { sessionId } = await Rental.create(chain.walletOf(RENTER), {
    deployment,
    hours: 1n,
    providerId,
    sshPublicKey,
  })
  const rental = { abi: ComputeRentalAbi, address: deployment.computeRental } as const
  await send(PROVIDER, {
    ...rental,
    args: [sessionId, toHex(1, { size: 32 })],
    functionName: 'activateSession',
  })

  // Half an hour ahead is worth less than three quarters of one.
  await topUp(RENTER, {
    amount: HOUR,
    key: pad(toHex(sessionId)),
    perDay: HOUR,
    service: rental.address,
    threshold: (HOUR * 3n) / 4n,
  })
  for (const who of [RENTER, STRANGER])
    await topUp(who, {
      amount: HOUR,
      key: zeroHash,
      perDay: 2n * HOUR,
      service: deployment.inferenceServing,
      threshold: 5n * HOUR,
    })
  await keep([chain.walletOf(RENTER).account.address])
  const freeOf = async (index: number) =>
    client.readContract({
      abi: InferenceServingAbi,
      address: deployment.inferenceServing,
      args: [chain.walletOf(index).account.address],
      functionName: 'getBalance',
    })
  const endOf = async () => (await Rental.get(client, { deployment, sessionId })).endTime
  await expect.poll(() => freeOf(RENTER), { timeout: 10_000 }).toBe(2n * HOUR)
  const end = await endOf()
  await chain.warp(1_800)
  await expect.poll(endOf, { timeout: 10_000 }).toBe(end + 3_600n)
  expect(await freeOf(STRANGER)).toBe(0n)
})

async function topUp(
  index: number,
  {
    amount,
    key,
    perDay,
    service,
    threshold,
  }: { amount: bigint; key: `0x${string}`; perDay: bigint; service: Address; threshold: bigint },
) {
  const ledger = { abi: LedgerManagerAbi, address: chain.deployment.ledgerManager } as const
  await send(index, { ...ledger, functionName: 'deposit', value: 5n * HOUR })
  await send(index, { ...ledger, args: [service, key, threshold, amount, perDay], functionName: 'setTopUp' })
}

async function send(index: number, call: object): Promise<void> {
  const hash = await chain.walletOf(index).writeContract(call as never)
  await chain.client.waitForTransactionReceipt({ hash })
}

async function keep(accounts: readonly Address[]): Promise<void> {
  const account = accountOf(KEEPER)
  const { client, deployment } = chain
  const config = {
    dataDir,
    deployment,
    pollMs: 50,
    sessions: false,
    topUps: accounts,
    unpaid: false,
    webhooks: undefined,
  }
  const log = createLog({ level: 'silent' })
  keeper = await start(config, { account, client, log, signal: new AbortController().signal })
}
