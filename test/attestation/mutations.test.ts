import { expect, test } from 'vitest'
import { attack, formats } from './Formats.ts'
import { seeded } from './mutate.ts'

const COUNT = 1000

test.each(formats())(`no mutation of $name in ${COUNT} is accepted or crashes`, async (format) => {
  const tally = await attack(format, { count: COUNT, random: seeded(5) })
  expect(tally.refused + tally.same).toBe(COUNT)
  // Only white space can be spelled in two ways, and little of the evidence is that.
  expect(tally.same).toBeLessThan(COUNT / 50)
  expect(tally.codes.size, 'kinds of refusals').toBeGreaterThan(5)
})
