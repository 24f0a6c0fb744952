import { expect, test } from 'vitest'
import { endpointOf } from './endpointOf.ts'

test.each(['http://169.254.169.254/latest', 'http://10.0.0.1:6379', 'http://example.com/reboot?now='])(
  'a provider at %s is not asked',
  (endpoint) => {
    const ask = () => endpointOf({ endpoint, providerId: 7n }, { chainId: 1 })
    expect(ask).toThrow(`Provider 7's endpoint, ${endpoint}, leads into a network of yours`)
  },
)

test('a provider in the open is', () => {
  const endpoint = 'https://node.example.com/a/'
  expect(endpointOf({ endpoint, providerId: 7n }, { chainId: 1 })).toBe('https://node.example.com/a')
})
