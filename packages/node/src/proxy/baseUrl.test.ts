import { expect, test } from 'vitest'
import { baseUrl } from './baseUrl.ts'

test.each([
  'http://127.0.0.1:8545',
  'http://0x7f.1',
  'http://2130706433',
  'http://169.254.169.254/latest',
  'http://10.1.2.3',
  'https://192.168.0.1:8080/',
  'http://[::1]:80',
  'http://[::ffff:127.0.0.1]',
  'http://[fd00::1]',
  'http://localhost:2375',
  'http://router',
  'http://metadata.google.internal',
  'http://node.localhost.',
  'http://example.com/reboot?now=',
  'http://example.com/#',
  'http://user:word@example.com',
  'http://[',
])('%s on chain sends nobody there', (endpoint) => {
  expect(baseUrl(endpoint, { chainId: 1 })).toBeUndefined()
})

test('a public address is taken, and on the local chain a local one', () => {
  expect(baseUrl('https://node.example.com:4007/', { chainId: 1 })).toBe('https://node.example.com:4007')
  expect(baseUrl('http://8.8.8.8/base//', { chainId: 1 })).toBe('http://8.8.8.8/base')
  expect(baseUrl('http://127.0.0.1:4007', { chainId: 31_337 })).toBe('http://127.0.0.1:4007')
})
