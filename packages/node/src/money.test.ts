import { parseGwei } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountOf, type Chain, startChain } from '../../../test/chain.ts'
import { amountsIn, eth, gwei } from './money.ts'

let chain: Chain

beforeAll(async () => {
  chain = await startChain()
}, 180_000)
afterAll(() => chain?.close())

test('amounts are written whole, with their unit', () => {
  expect(eth(10n ** 18n)).toBe('1 ETH')
  expect(eth(-1n)).toBe('-0.000000000000000001 ETH')
  expect(gwei(parseGwei('0.5'))).toBe('0.5 gwei')
})

test('a token that does not say how it is written is counted in its units', async () => {
  const silent = accountOf(3).address
  expect((await amountsIn(chain.client, silent))(7n)).toBe(`7 of ${silent}`)
})
