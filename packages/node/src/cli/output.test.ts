import { expect, test } from 'vitest'
import { facts, table } from './output.ts'

const TITLE = '\u001b]0;owned\u0007'

test('a name from the chain stays in its cell', () => {
  expect(table(['MODEL', 'PRICE'], [[`x\ny${TITLE}`, '1']])).toBe('MODEL          PRICE\nx y�]0;owned�  1')
  expect(facts({ reason: 'no\nstake  100 ETH' })).toBe('reason  no stake  100 ETH')
})
