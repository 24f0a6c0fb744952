import { formatGwei } from 'viem'
import { gwei } from '../money.ts'

/** Of a price limit the registry keeps so many bits, and rounds down: half a thousandth at most. */
const BITS = 11

/** A trigger's limit on the gas price: the round number that it was most likely set to, and what the registry keeps of it. */
export function gasPriceShown(kept: bigint): string {
  const set = roundest(kept)
  return set === kept ? gwei(kept) : `${gwei(set)}, which the contract keeps as ${formatGwei(kept)}`
}

/** The number with the fewest digits that the registry would keep as this one. */
function roundest(kept: bigint): bigint {
  const step = 2n ** BigInt(Math.max(0, kept.toString(2).length - BITS))
  for (let unit = 10n ** BigInt(kept.toString().length); ; unit /= 10n) {
    const price = ((kept + unit - 1n) / unit) * unit
    if (price < kept + step) return price
  }
}
