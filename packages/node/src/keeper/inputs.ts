import type { Hex } from 'viem'
import type { Due } from './Due.ts'

/** The same, those that have the commonest input last: mostly the ticks of this minute, or triggers that wait for one log. */
export function sharedLast<one extends Pick<Due, 'input'>>(due: readonly one[]): readonly one[] {
  const byInput = Map.groupBy(due, ({ input }) => input)
  const groups = [...byInput.values()].toSorted((a, b) => a.length - b.length)
  const commonest = groups.at(-1)?.[0]?.input
  return due.toSorted((a, b) => Number(a.input === commonest) - Number(b.input === commonest))
}

/** The inputs of `executeMany`, whose last one is for all triggers that follow. */
export function inputsOf(batch: readonly Pick<Due, 'input'>[]): readonly Hex[] {
  const inputs = batch.map(({ input }) => input)
  const own = inputs.findLastIndex((input) => input !== inputs.at(-1)) + 1
  return inputs.slice(0, own + 1)
}
