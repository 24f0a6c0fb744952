import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import {
  type Abi,
  type Address,
  createPublicClient,
  createTestClient,
  createWalletClient,
  type Hex,
  http,
  isAddressEqual,
  parseGwei,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { freePorts } from '../../../test/jejuCompute.ts'
import { serve } from '../../../test/serve.ts'
import { createLog } from './log.ts'
import { createSender } from './send.ts'

const SOURCE = `
  pragma solidity ^0.8.37;
  contract Inner { error TooOdd(uint256 got); function odd(uint256 v) external pure { revert TooOdd(v); } }
  contract Box {
    error ValueTooBig(uint256 got, uint256 most);
    uint256 public sum; uint256 public puts; Inner inner = new Inner();
    function put(uint256 value) external payable {
      require(value <= 10, ValueTooBig(value, 10));
      sum += value; puts++;
    }
    function odd() external view { inner.odd(7); }
  }`

let anvil: ChildProcess
let rpcUrl: string
let box: { abi: Abi; address: Address; innerAbi: Abi }

beforeAll(async () => {
  const [port = 0] = await freePorts(1)
  rpcUrl = `http://127.0.0.1:${port}`
  anvil = spawn(anvilPath(), ['--port', String(port), '--silent'], { stdio: 'ignore' })
  const client = createPublicClient({ chain: foundry, pollingInterval: 50, transport: http(rpcUrl) })
  while (!(await client.getChainId().catch(() => false)))
    await new Promise((resolve) => setTimeout(resolve, 25))
  box = await deployBox()
}, 60_000)

afterAll(async () => {
  anvil.kill('SIGKILL')
  await once(anvil, 'exit')
})

test('twenty calls at once are mined once each, in order', async () => {
  const { put, read, sender } = await setup()
  const before = await read('sum')
  const receipts = await Promise.all(Array.from({ length: 20 }, () => sender.write(put(1n))))

  expect(new Set(receipts.map((receipt) => receipt.transactionHash)).size).toBe(20)
  expect((await read('sum')) - before).toBe(20n)
})

test('a refusal comes as a sentence, costs nothing, and leaves the lane open', async () => {
  const { client, put, sender } = await setup()
  const before = await client.getBalance({ address: sender.address })

  await expect(sender.write(put(11n))).rejects.toMatchObject({
    args: [11n, 10n],
    errorName: 'ValueTooBig',
    message: 'The contract refused put: value too big (got 11, most 10).',
  })
  expect(await client.getBalance({ address: sender.address })).toBe(before)
  await sender.write(put(1n))
})

test('an error of a contract further down is read from the known ABIs', async () => {
  const { sender } = await setup({ abis: [box.innerAbi] })
  await expect(sender.write({ ...box, functionName: 'odd' })).rejects.toThrow('too odd (got 7)')
})

test('a wallet that cannot pay is told so', async () => {
  const { put, sender } = await setup({ balance: 0n })
  await expect(sender.write({ ...put(1n), value: 1n })).rejects.toMatchObject({ name: 'WalletTooPoorError' })
})

test('a lost reply does not send twice', async () => {
  const lossy = await lossyRpc({ loseReplies: 3, method: 'eth_sendRawTransaction' })
  const { put, read, sender } = await setup({ rpc: lossy.url })
  const before = await read('puts')

  await sender.write(put(1n))
  await sender.write(put(1n))

  expect(lossy.lost()).toBe(3)
  expect((await read('puts')) - before).toBe(2n)
})

test('an RPC that is gone for a while is waited for', async () => {
  const lossy = await lossyRpc({ loseReplies: 4, method: '' })
  const { put, sender } = await setup({ rpc: lossy.url })
  expect((await sender.write(put(1n))).status).toBe('success')
})

test('a stuck transaction gets a higher fee under the same nonce', async () => {
  const { client, put, read, sender, testClient } = await setup({ stuckMs: 200 })
  const before = await read('puts')
  await testClient.setAutomine(false)
  onTestFinished(() => testClient.setAutomine(true))

  const sent = sender.write(put(1n))
  await pooled(sender.address)
  await testClient.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei('10') })
  await testClient.mine({ blocks: 1 })
  expect(await client.getTransactionCount({ address: sender.address })).toBe(0)
  await testClient.setAutomine(true)

  expect((await sent).status).toBe('success')
  expect(await client.getTransactionCount({ address: sender.address })).toBe(1)
  expect((await read('puts')) - before).toBe(1n)
})

test('a chain that stands still does not raise the fee without an end', async () => {
  const stop = new AbortController()
  const { client, put, sender, testClient } = await setup({ signal: stop.signal, stuckMs: 20 })
  await testClient.setAutomine(false)
  onTestFinished(async () => {
    await testClient.setAutomine(true)
    await testClient.mine({ blocks: 1 })
  })
  const { maxFeePerGas } = await client.estimateFeesPerGas()
  const sent = sender.write(put(1n)).catch(() => {})
  await pooled(sender.address)
  await new Promise((resolve) => setTimeout(resolve, 4_000))
  stop.abort()
  await sent
  const { pending } = await testClient.getTxpoolContent()
  const [inPool] = Object.values(
    Object.entries(pending).find(([from]) => isAddressEqual(from as Address, sender.address))?.[1] ?? {},
  )
  expect(BigInt(inPool?.maxFeePerGas ?? 0n)).toBeGreaterThan(maxFeePerGas)
  expect(BigInt(inPool?.maxFeePerGas ?? 0n)).toBeLessThanOrEqual(11n * maxFeePerGas)
})

test('another sender of the same account is given way, and the call still happens once', async () => {
  const { account, client, put, read, sender, testClient } = await setup({ stuckMs: 5_000 })
  const before = await read('puts')
  await testClient.setAutomine(false)
  onTestFinished(() => testClient.setAutomine(true))

  const sent = sender.write(put(1n))
  await pooled(account.address)
  const wallet = createWalletClient({ account, chain: foundry, transport: http(rpcUrl) })
  const rival = { maxFeePerGas: parseGwei('500'), maxPriorityFeePerGas: parseGwei('100'), nonce: 0 }
  await wallet.sendTransaction({ to: account.address, value: 1n, ...rival })
  await testClient.mine({ blocks: 1 })
  await testClient.setAutomine(true)

  expect((await sent).status).toBe('success')
  expect((await read('puts')) - before).toBe(1n)
  expect(await client.getTransactionCount({ address: account.address })).toBe(2)
})

test('what an earlier life left in the pool is waited for', async () => {
  const { account, client, put, sender, testClient } = await setup({ stuckMs: 5_000 })
  await testClient.setAutomine(false)
  onTestFinished(() => testClient.setAutomine(true))
  const wallet = createWalletClient({ account, chain: foundry, transport: http(rpcUrl) })
  const hash = await wallet.writeContract({ ...put(2n), nonce: 0 })

  const sent = sender.write(put(1n))
  setTimeout(() => void testClient.setAutomine(true).then(() => testClient.mine({ blocks: 1 })), 300)

  const [earlier, later] = [await client.waitForTransactionReceipt({ hash }), await sent]
  expect(earlier.blockNumber).toBeLessThan(later.blockNumber)
})

test('a reorganisation that drops a transaction does not block the lane', async () => {
  const { client, put, sender, testClient } = await setup({ stuckMs: 300 })
  const snapshot = await testClient.snapshot()
  await sender.write(put(1n))
  await sender.write(put(1n))
  await testClient.revert({ id: snapshot })

  expect((await sender.write(put(1n))).status).toBe('success')
  expect(await client.getTransactionCount({ address: sender.address })).toBe(1)
})

test('an abort ends the wait', async () => {
  const stop = new AbortController()
  const { put, sender, testClient } = await setup({ signal: stop.signal })
  await testClient.setAutomine(false)
  onTestFinished(async () => {
    await testClient.setAutomine(true)
    await testClient.mine({ blocks: 1 })
  })
  const sent = sender.write(put(1n))
  setTimeout(() => stop.abort(), 100)
  await expect(sent).rejects.toMatchObject({ name: 'AbortError' })
})

type SetupOptions = {
  abis?: Abi[]
  balance?: bigint
  rpc?: string
  signal?: AbortSignal
  stuckMs?: number
}

/** A lane of a fresh account, so that tests share nothing but the chain. */
async function setup(options: SetupOptions = {}) {
  const { abis = [], balance = 10n ** 18n, rpc = rpcUrl, signal = new AbortController().signal } = options
  const key = `0x${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')}` as const
  const account = privateKeyToAccount(key)
  const testClient = createTestClient({ chain: foundry, mode: 'anvil', transport: http(rpcUrl) })
  await testClient.setBalance({ address: account.address, value: balance })
  const transport = http(rpc, { retryCount: 0 })
  const client = createPublicClient({ chain: foundry, pollingInterval: 50, transport })
  const log = createLog({ level: 'silent' })
  const stuckMs = options.stuckMs ?? 30_000
  const sender = createSender({ abis, account, client, log, signal, stuckMs })
  const put = (value: bigint) => ({ ...box, args: [value], functionName: 'put' })
  const direct = createPublicClient({ chain: foundry, pollingInterval: 50, transport: http(rpcUrl) })
  const read = (functionName: 'sum' | 'puts') =>
    direct.readContract({ ...box, functionName }) as Promise<bigint>
  return { account, client: direct, put, read, sender, testClient }
}

/** Waits until the account's first transaction is in the pool. */
async function pooled(address: Address): Promise<void> {
  const client = createPublicClient({ chain: foundry, transport: http(rpcUrl) })
  await expect.poll(() => client.getTransactionCount({ address, blockTag: 'pending' })).toBe(1)
}

/** A front of the RPC that passes requests on but cuts the line before some replies. */
async function lossyRpc(options: { method: string; loseReplies: number }) {
  let lost = 0
  const { close, url } = await serve(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    const upstream = await fetch(rpcUrl, {
      body,
      headers: { 'content-type': 'application/json' },
      method: 'POST',
    })
    const reply = await upstream.text()
    if (lost < options.loseReplies && body.includes(options.method)) {
      lost++
      response.destroy()
      return
    }
    response.setHeader('content-type', 'application/json').end(reply)
  })
  onTestFinished(close)
  return { lost: () => lost, url }
}

async function deployBox() {
  const solc = createRequire(import.meta.url)('solc') as { compile(input: string): string }
  const input = {
    language: 'Solidity',
    settings: { outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } },
    sources: { 'Box.sol': { content: SOURCE } },
  }
  const { Box, Inner } = JSON.parse(solc.compile(JSON.stringify(input))).contracts['Box.sol']
  const account = privateKeyToAccount('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')
  const client = createPublicClient({ chain: foundry, pollingInterval: 50, transport: http(rpcUrl) })
  const wallet = createWalletClient({ account, chain: foundry, transport: http(rpcUrl) })
  const bytecode: Hex = `0x${Box.evm.bytecode.object}`
  const hash = await wallet.deployContract({ abi: Box.abi, bytecode })
  const { contractAddress } = await client.waitForTransactionReceipt({ hash })
  if (!contractAddress) throw new Error('The box was not deployed.')
  return { abi: Box.abi as Abi, address: contractAddress, innerAbi: Inner.abi as Abi }
}

function anvilPath(): string {
  const require = createRequire(import.meta.url)
  return require.resolve('@foundry-rs/anvil-linux-amd64/bin/anvil')
}
