import { expect, test } from 'vitest'
import { configOf } from './triggerConfig.ts'

const TARGET = `0x${'aa'.repeat(20)}`
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

test('topics are signatures, addresses, bytes or any, each in its place', () => {
  const topics = `Transfer(address, address, uint256) any ${TARGET} ${TRANSFER}`
  expect(configOf({ event: TARGET, topics })).toMatchObject({
    topics: [TRANSFER, null, `0x${'00'.repeat(12)}${'aa'.repeat(20)}`, TRANSFER],
  })
  expect(configOf({ event: TARGET })).toMatchObject({ topics: [] })
  const named = 'Transfer(address indexed from, address indexed to, uint value)'
  expect(configOf({ event: TARGET, topics: named })).toMatchObject({ topics: [TRANSFER] })
})

test('keys, payloads and other chains are as they are named', () => {
  const point = `0x${'01'.repeat(64)}`
  expect(configOf({ keyType: 'p256', payloadHash: true, webhook: point })).toMatchObject({
    key: { publicKey: point, type: 'p256' },
    payload: 'hash',
  })
  expect(configOf({ chain: '10', event: TARGET, quorum: '0xff' })).toMatchObject({
    otherChain: { chainId: 10n, quorumId: 255n },
  })
  expect(configOf({ cron: '@daily', http: 'https://agent.example/' })).toMatchObject({ gasLimit: 0 })
})

test.each([
  [{}, 'A trigger is one of --cron, --webhook and --event.'],
  [{ cron: '@daily', event: TARGET }, 'A trigger is one of --cron, --webhook and --event.'],
  [{ cron: '@daily', target: '0x12' }, '--target is an address'],
  [{ cron: '@daily', utcOffset: 'CET' }, 'The offset from UTC is Z'],
  [{ cron: '@daily', http: 'ftp://x' }, '--http is an http or https URL'],
  [{ cron: '@daily', gas: '1', http: 'http://x' }, 'leave out --target, --data and --gas.'],
  [{ event: TARGET, topics: 'Moved' }, 'A topic is 32 bytes in hexadecimal'],
  [{ event: TARGET, topics: 'Moved(thing)' }, "is no event's signature"],
  [{ chain: '1', event: TARGET }, 'Logs of another chain need both --chain and --quorum'],
  [{ chain: '1', event: TARGET, quorum: 'mine' }, '--quorum is the id of a quorum'],
  [{ keyType: 'p256', webhook: '0x12' }, '--webhook, of a P-256 key, is 64 bytes'],
  [{ keyType: 'rsa', webhook: TARGET }, '--key-type is one of secp256k1, p256, erc1271'],
])('%j is refused by what would have been right', (options, sentence) => {
  expect(() => configOf(options)).toThrow(sentence)
})
