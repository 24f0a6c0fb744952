import { createPublicClient, custom, type Hex, type PublicClient, toHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chain, startChain } from '../../../test/chain.ts'
import * as ReceiptProof from './ReceiptProof.ts'

/** Emits one log, of its calldata, with its first word as a topic. */
const EMITTER: Hex = '0x365f5f375f51365fa100'
const EMITTER_AT: Hex = '0x00000000000000000000000000000000000e3117'

let chain: Chain

beforeAll(async () => {
  chain = await startChain()
  await rpc('anvil_setCode', [EMITTER_AT, EMITTER])
}, 180_000)
afterAll(() => chain?.close())

test.each([1, 2, 17, 130])(
  'a block of %i transactions of all types is proven, by either way of asking',
  async (count) => {
    const blockNumber = await blockOf(count)
    const block = await ReceiptProof.ofBlock(chain.client, { blockNumber })
    expect(block.logs).toHaveLength(count)
    const proofs = Array.from({ length: count }, (_, index) => block.proofOf(index))
    expect(new Set(proofs).size).toBe(count)
    expect(() => block.proofOf(count)).toThrow(`Block ${blockNumber} has no transaction ${count}.`)

    const asked: string[] = []
    const simple = refusing((method) => {
      asked.push(method)
      if (method === 'eth_getBlockReceipts') throw new Error('the method does not exist')
      return undefined
    })
    const again = await ReceiptProof.ofBlock(simple, { blockNumber })
    expect(again.proofOf(count - 1)).toBe(proofs[count - 1])
    expect(asked.filter((method) => method === 'eth_getTransactionReceipt')).toHaveLength(count)
  },
)

test('what a node got wrong is never made a proof of', async () => {
  const blockNumber = await blockOf(2)
  const block = await rpc<ReceiptProof.RpcBlock>('eth_getBlockByNumber', [toHex(blockNumber), false])
  const receipts = await rpc<ReceiptProof.RpcReceipt[]>('eth_getBlockReceipts', [toHex(blockNumber)])
  const [first, second] = receipts
  if (first === undefined || second === undefined) throw new Error('There are two.')
  const wrong = (rest: object) => ({
    message: `The node's receipts of block ${blockNumber} do not hash to what the block says.`,
    ...rest,
  })
  for (const list of [[second, first], [first], [], [first, { ...second, status: '0x0' as const }]])
    expect(() => ReceiptProof.ofReceipts(block, list)).toThrow(
      expect.objectContaining(wrong({ retryable: true })),
    )
  expect(() => ReceiptProof.ofReceipts({ ...block, timestamp: '0x1' }, receipts)).toThrow('header')
  await expect(ReceiptProof.ofBlock(chain.client, { blockNumber: 10n ** 6n })).rejects.toThrow(
    'The node has no block 1000000.',
  )
})

/** A client of the same chain through a node that answers some things otherwise. */
function refusing(answer: (method: string) => unknown): PublicClient {
  const request = async ({ method, params }: { method: string; params?: unknown }) =>
    answer(method) ?? chain.client.request({ method, params } as never)
  return createPublicClient({ transport: custom({ request }, { retryCount: 0 }) }) as PublicClient
}

/** Mines a block with so many logs, in transactions of all types. */
async function blockOf(count: number): Promise<bigint> {
  await rpc('evm_setAutomine', [false])
  const wallet = chain.walletOf(8)
  const first = await chain.client.getTransactionCount({ address: wallet.account.address })
  for (let at = 0; at < count; at++) {
    const data = toHex(at, { size: 32 + ((at * 37) % 300) })
    const call = { data, gas: 100_000n, nonce: first + at, to: EMITTER_AT }
    const price = { gasPrice: 10n ** 10n }
    if (at % 3 === 0) await wallet.sendTransaction({ ...call, ...price, type: 'legacy' })
    else if (at % 3 === 1)
      await wallet.sendTransaction({ ...call, ...price, accessList: [], type: 'eip2930' })
    else await wallet.sendTransaction({ ...call, maxFeePerGas: 10n ** 10n, type: 'eip1559' })
  }
  await rpc('evm_mine', [])
  await rpc('evm_setAutomine', [true])
  return chain.client.getBlockNumber({ cacheTime: 0 })
}

const rpc = <T = unknown>(method: string, params: unknown[]) =>
  chain.client.request({ method, params } as never) as Promise<T>
