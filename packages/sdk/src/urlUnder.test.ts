import { expect, test } from 'vitest'
import { urlUnder } from './urlUnder.ts'

test.each([
  ['https://host', 'https://host/health'],
  ['https://host/', 'https://host/health'],
  ['https://host:4007/node//', 'https://host:4007/node/health'],
])('/health of %s', (base, url) => {
  expect(urlUnder(base, '/health')).toBe(url)
})
