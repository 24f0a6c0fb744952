import { expect, test } from 'vitest'
import { watchHead } from './head.ts'

const now = () => Math.floor(Date.now() / 1000)

test('a head that goes back, or is old, is nothing to act on', () => {
  const check = watchHead({ chainId: 1 })
  check(now() - 60)
  check(now() - 10)
  expect(() => check(now() - 60)).toThrow('it lags')
  check(now() - 10)
  expect(() => watchHead({ chainId: 1 })(now() - 3_600)).toThrow('it lags')
})

test('the local chain has a clock of its own', () => {
  const check = watchHead({ chainId: 31337 })
  check(now() + 86_400)
  check(1)
})
