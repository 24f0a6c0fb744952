import { expect, test } from 'vitest'
import { inputsOf, sharedLast } from './inputs.ts'

const [tick, older, delivery] = [
  { input: '0x01a1', triggerId: 1n },
  { input: '0x01a0', triggerId: 2n },
  { input: '0x01ffff', triggerId: 3n },
] as const

test('those that share an input come last, the others as they were', () => {
  const again = { ...tick, triggerId: 4n }
  expect(sharedLast([tick, older, again, delivery])).toEqual([older, delivery, tick, again])
  expect(sharedLast([])).toEqual([])
})

test('an input that many share at the end is given once', () => {
  expect(inputsOf([older, delivery, tick, tick, tick])).toEqual(['0x01a0', '0x01ffff', '0x01a1'])
  expect(inputsOf([tick, tick])).toEqual(['0x01a1'])
  expect(inputsOf([tick, older, tick])).toEqual(['0x01a1', '0x01a0', '0x01a1'])
  expect(inputsOf([])).toEqual([])
})
