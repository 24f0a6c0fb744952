import { type Address, encodeAbiParameters, encodeEventTopics, type Log, parseAbi } from 'viem'
import { expect, test } from 'vitest'
import { eventIn } from './eventIn.ts'

const abi = parseAbi(['event Paid(uint256 amount)'])
const CONTRACT = '0x00000000000000000000000000000000000000aa'
const TOKEN = '0x00000000000000000000000000000000000000bb'

test('an event of the same name by another contract is not taken for the own one', () => {
  const logs = [paid(TOKEN, 9n), paid(CONTRACT, 7n)]
  expect(eventIn({ logs }, { abi, address: CONTRACT, eventName: 'Paid' })).toEqual({ amount: 7n })
})

test('a call that left no event is told by its name', () => {
  const logs = [paid(TOKEN, 9n)]
  const read = () => eventIn({ logs }, { abi, address: CONTRACT, eventName: 'Paid' })
  expect(read).toThrow('The call left no event Paid.')
})

function paid(address: Address, amount: bigint): Log<bigint, number, false> {
  return {
    address,
    blockHash: `0x${'01'.repeat(32)}`,
    blockNumber: 1n,
    blockTimestamp: 1n,
    data: encodeAbiParameters([{ type: 'uint256' }], [amount]),
    logIndex: 0,
    removed: false,
    topics: encodeEventTopics({ abi, eventName: 'Paid' }) as [`0x${string}`],
    transactionHash: `0x${'02'.repeat(32)}`,
    transactionIndex: 0,
  }
}
