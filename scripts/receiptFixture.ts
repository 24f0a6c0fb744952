#!/usr/bin/env node
// Writes packages/contracts/test/LogProver/receipts.json: proofs of logs in real blocks of anvil, of one to 300 transactions of all types.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ReceiptProof } from '@jejunetwork/sdk'
import {
  type Client,
  concat,
  createTestClient,
  createWalletClient,
  type Hex,
  http,
  numberToHex,
  publicActions,
} from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { foundry as local } from 'viem/chains'
import { startAnvil } from '../packages/node/src/cli/dev/anvil.ts'

const MNEMONIC = 'test test test test test test test test test test test junk'
/** Emits, as often as the third word of its calldata says, a log of the first two as topics and of all after the third. */
const EMITTER: Hex = '0x365f5f375b6020515f51606036036060a26001604051038060405260045700'
const START = 1_900_000_000
const TYPES = ['legacy', 'eip2930', 'eip1559'] as const

const { close, rpcUrl } = await startAnvil({
  args: ['--no-mining', '--timestamp', String(START), '--gas-limit', '300000000'],
  port: 0,
})
try {
  const transport = http(rpcUrl)
  const client = createTestClient({ chain: local, mode: 'anvil', transport }).extend(publicActions)
  const wallets = Array.from({ length: 10 }, (_, addressIndex) =>
    createWalletClient({ account: mnemonicToAccount(MNEMONIC, { addressIndex }), chain: local, transport }),
  )
  const emitter: Hex = '0x00000000000000000000000000000000000e3117'
  await client.setCode({ address: emitter, bytecode: EMITTER })
  const nonces = wallets.map(() => 0)

  const cases: object[] = []
  for (const [count, wanted, after] of [
    [1, [0], 1],
    [20, [0, 1, 8, 19], 20],
    [200, [0, 1, 2, 8, 64, 127, 128, 199], 200],
    [130, [0, 127, 128, 129], 400],
    [300, [255, 256, 299], 800],
  ] as const) {
    for (let i = 0; i < count; i++) {
      const wallet = wallets[i % 10]
      const nonce = nonces[i % 10]
      if (!wallet || nonce === undefined) throw new Error('There are ten accounts.')
      nonces[i % 10] = nonce + 1
      const words = [0xa11ce + i, 0xb0b, 1 + (i % 3)].map((word) => numberToHex(word, { size: 32 }))
      const data = concat([...words, `0x${'5a'.repeat((i * 37) % 300)}`])
      await wallet.sendTransaction({
        ...({ to: emitter, data, nonce, gas: 100_000n } as const),
        ...(TYPES[i % 3] === 'eip1559'
          ? { type: 'eip1559', maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n }
          : { type: TYPES[i % 3] as 'legacy', gasPrice: 10n ** 10n }),
      })
    }
    await client.setNextBlockTimestamp({ timestamp: BigInt(START + after) })
    await client.mine({ blocks: 1 })
    cases.push(...(await provenLogs(client, wanted)))
  }
  const folder = join(import.meta.dirname, '../packages/contracts/test/LogProver')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'receipts.json'), `${JSON.stringify({ emitter, cases }, null, 1)}\n`)
  console.log(`Wrote ${cases.length} proofs.`)
} finally {
  await close()
}

async function provenLogs(client: Client, indices: readonly number[]): Promise<object[]> {
  const block = (await client.request({
    method: 'eth_getBlockByNumber' as never,
    params: ['latest', false] as never,
  })) as ReceiptProof.RpcBlock
  const receipts = (await client.request({
    method: 'eth_getBlockReceipts' as never,
    params: ['latest'] as never,
  })) as ReceiptProof.RpcReceipt[]
  const proven = ReceiptProof.ofReceipts(block, receipts)
  return indices.map((transactionIndex) => {
    const logs = proven.logs[transactionIndex] ?? []
    const log = logs.at(-1)
    if (!log) throw new Error(`Transaction ${transactionIndex} has no log.`)
    return {
      blockNumber: Number(proven.number),
      blockHash: proven.hash,
      timestamp: Number(proven.timestamp),
      transactions: receipts.length,
      transactionIndex,
      type: Number(receipts[transactionIndex]?.type),
      logIndex: logs.length - 1,
      topics: log.topics,
      data: log.data,
      proof: proven.proofOf(transactionIndex),
    }
  })
}
