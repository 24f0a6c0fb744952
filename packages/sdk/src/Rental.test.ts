import { parseEther } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chain, startChain } from '../../../test/chain.ts'
import * as Registry from './Registry.ts'
import * as Rental from './Rental.ts'
import * as Staking from './Staking.ts'

const KEY = `ssh-ed25519 ${'A'.repeat(68)} someone@somewhere`
const PRICE = parseEther('0.01')

let chain: Chain
let providerId: bigint

beforeAll(async () => {
  chain = await startChain()
  const { deployment } = chain
  const offer = {
    endpoint: 'https://node.example:4007',
    hardwareAttestation: '{"gpuCount":2,"gpuModel":"H100"}',
  }
  const stake = parseEther('0.1')
  const registered = await Registry.register(chain.walletOf(1), {
    deployment,
    ...offer,
    pricePerHour: PRICE,
    stake,
  })
  providerId = registered.providerId
}, 180_000)
afterAll(() => chain?.close())

test('a provider is found by its id, its owner and in the list', async () => {
  const { client, deployment } = chain
  const owner = chain.walletOf(1).account.address
  const provider = await Registry.get(client, { deployment, providerId })
  expect(provider).toMatchObject({
    active: true,
    gpuCount: 2n,
    gpuModel: 'H100',
    owner,
    pricePerHour: PRICE,
    providerId,
  })
  expect(await Registry.idOf(client, { deployment, owner })).toBe(providerId)
  expect(
    await Registry.idOf(client, { deployment, owner: chain.walletOf(8).account.address }),
  ).toBeUndefined()
  expect(await Registry.list(client, { deployment })).toEqual({
    nextCursor: undefined,
    providers: [provider],
  })
})

test('a price that rose since it was agreed to is not paid', async () => {
  const { deployment } = chain
  const order = { deployment, hours: 2n, providerId, sshPublicKey: KEY }
  await expect(Rental.create(chain.walletOf(2), { ...order, deposit: PRICE })).rejects.toThrow('wrong value')
})

test('a session is made, read, listed and ended', async () => {
  const { client, deployment } = chain
  const wallet = chain.walletOf(2)
  const renter = wallet.account.address
  const { deposit, sessionId } = await Rental.create(wallet, {
    deployment,
    hours: 24n,
    providerId,
    sshPublicKey: KEY,
  })
  expect(deposit).toBe(PRICE * 24n)
  const session = await Rental.get(client, { deployment, sessionId })
  expect(session).toMatchObject({
    deposit,
    pricePerHour: PRICE,
    renter,
    sshPublicKey: KEY,
    status: 'pending',
  })
  for (const of of [{ renter }, { providerId }]) {
    const page = await Rental.list(client, { deployment, ...of })
    expect(page.sessionIds[0]).toBe(sessionId)
  }

  expect(await Rental.terminate(wallet, { deployment, sessionId })).toMatchObject({
    earned: 0n,
    refund: deposit,
  })
  expect(await Rental.statusOf(client, { deployment, sessionId })).not.toBe('pending')
})

test('lists come in pages, newest first', async () => {
  const { client, deployment } = chain
  const wallet = chain.walletOf(3)
  const made: bigint[] = []
  for (let count = 0; count < 3; count++) {
    made.push(
      (await Rental.create(wallet, { deployment, hours: 1n, providerId, sshPublicKey: KEY })).sessionId,
    )
  }
  const renter = wallet.account.address
  const first = await Rental.list(client, { deployment, limit: 2n, renter })
  const second = await Rental.list(client, { cursor: first.nextCursor, deployment, limit: 2n, renter })
  expect([...first.sessionIds, ...second.sessionIds]).toEqual(made.toReversed())
  expect(second.nextCursor).toBeUndefined()
})

test('what the contract refuses is said in words', async () => {
  const { deployment } = chain
  const wallet = chain.walletOf(4)
  const rent = (changes: Partial<Rental.create.Options>) =>
    Rental.create(wallet, { deployment, hours: 1n, providerId, sshPublicKey: KEY, ...changes })
  await expect(rent({ sshPublicKey: 'no key' })).rejects.toMatchObject({ errorName: 'SshKeyMalformed' })
  await expect(rent({ hours: 0n })).rejects.toThrow(
    /refused createSession: duration out of range \(durationHours 0/,
  )
  await expect(Rental.terminate(wallet, { deployment, sessionId: 999n })).rejects.toThrow(
    /session unknown \(sessionId 999\)/,
  )
})

test('stake is added, asked back and shown', async () => {
  const { client, deployment } = chain
  const wallet = chain.walletOf(5)
  const account = wallet.account.address
  await Staking.stake(wallet, { amount: parseEther('0.02'), deployment })
  await Staking.initiateUnstake(wallet, { amount: parseEther('0.01'), deployment })
  await expect(Staking.completeUnstake(wallet, { deployment })).rejects.toMatchObject({
    errorName: 'UnstakeNotReady',
  })
  await chain.warp(8 * 86_400)
  await Staking.completeUnstake(wallet, { deployment })
  expect(await Staking.get(client, { account, deployment })).toMatchObject({
    pending: 0n,
    staked: parseEther('0.01'),
  })
})
