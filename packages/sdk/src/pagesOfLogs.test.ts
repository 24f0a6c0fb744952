import { createPublicClient, custom, parseAbiItem, RpcRequestError, toEventSelector, toHex } from 'viem'
import { expect, test } from 'vitest'
import { pagesOfLogs } from './pagesOfLogs.ts'

const event = parseAbiItem('event Ticked(uint256 n)')
const address = `0x${'aa'.repeat(20)}` as const

test.each([1_000n, 100n, 7n, 1n])(
  'a provider that answers for %d blocks at once is asked for all of them, each once',
  async (most) => {
    const { asked, client } = provider({ head: 999n, most })
    const blocks: bigint[] = []
    for await (const page of pagesOfLogs(client, { address, event, fromBlock: 3n }))
      blocks.unshift(...page.map(({ args }) => args.n))
    expect(blocks).toEqual(Array.from({ length: 997 }, (_, index) => BigInt(index) + 3n))
    expect(asked.filter(({ refused }) => refused).length).toBeLessThan(11)
  },
)

test('who has seen enough asks for no more', async () => {
  const { asked, client } = provider({ head: 999n, most: 10n })
  for await (const page of pagesOfLogs(client, { address, event, fromBlock: 0n })) {
    expect(page.at(-1)?.args.n).toBe(999n)
    break
  }
  expect(asked.filter(({ refused }) => !refused)).toHaveLength(1)
})

test('a provider that refuses a single block is heard', async () => {
  const { client } = provider({ head: 9n, most: 0n })
  await expect(pagesOfLogs(client, { address, event, fromBlock: 0n }).next()).rejects.toThrow(
    'too many blocks',
  )
})

/** One log in each block, and a limit of blocks for one question. */
function provider({ head, most }: { head: bigint; most: bigint }) {
  const asked: { refused: boolean }[] = []
  const request = async ({
    method,
    params,
  }: {
    method: string
    params: [{ fromBlock: string; toBlock: string }]
  }) => {
    if (method === 'eth_blockNumber') return toHex(head)
    const [from, to] = [BigInt(params[0].fromBlock), BigInt(params[0].toBlock)]
    const refused = to - from + 1n > most
    asked.push({ refused })
    if (refused)
      throw new RpcRequestError({ body: {}, error: { code: -32_005, message: 'too many blocks' }, url: '' })
    return Array.from({ length: Number(to - from) + 1 }, (_, index) => log(from + BigInt(index)))
  }
  return { asked, client: createPublicClient({ transport: custom({ request } as never, { retryCount: 0 }) }) }
}

const log = (n: bigint) => ({
  address,
  blockHash: toHex(n, { size: 32 }),
  blockNumber: toHex(n),
  data: toHex(n, { size: 32 }),
  logIndex: '0x0',
  removed: false,
  topics: [toEventSelector(event)],
  transactionHash: toHex(n, { size: 32 }),
  transactionIndex: '0x0',
})
