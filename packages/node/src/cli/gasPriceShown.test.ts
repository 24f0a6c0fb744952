import { parseGwei } from 'viem'
import { expect, test } from 'vitest'
import { gasPriceShown } from './gasPriceShown.ts'

test.each([
  ['100', '100 gwei, which the contract keeps as 99.99220736'],
  ['30', '30 gwei, which the contract keeps as 29.997662208'],
  ['12.5', '12.5 gwei, which the contract keeps as 12.49902592'],
  ['0.000002047', '0.000002047 gwei'],
  ['0', '0 gwei'],
])('a limit of %s gwei is shown as it was set', (price, shown) => {
  expect(gasPriceShown(kept(parseGwei(price)))).toBe(shown)
})

test('whatever is shown, the contract keeps it as it keeps what was set', () => {
  for (let price = 1n; price < 2n ** 41n; price = (price * 7n) / 3n + 1n) {
    const [shown = ''] = gasPriceShown(kept(price)).split(' ')
    expect(kept(parseGwei(shown)), `${price} as ${shown}`).toBe(kept(price))
  }
})

/** As TriggerWord rounds it. */
function kept(price: bigint): bigint {
  let exponent = 0n
  while (price >> exponent > 2047n) exponent++
  return (price >> exponent) << exponent
}
