import { afterAll, expect, test } from 'vitest'
import { attack, formats } from './Formats.ts'
import { seeded } from './mutate.ts'
import { rememberSignatures } from './remember.ts'

const [COUNT, FEWER] = [10_000, 1_000]
/** Milliseconds of processor time for one verification, on a machine that does other things too. */
const LONGEST = 500

afterAll(rememberSignatures())

const cases = formats().map((format) => ({ ...format, count: format.isVariant ? FEWER : COUNT }))

test.each(cases)(
  'TEE-6: no mutation of $name in $count is accepted or crashes',
  async ({ count, ...format }) => {
    const tally = await attack(format, { count, random: seeded(5) })
    expect(tally.refused + tally.same).toBe(count)
    // Only white space can be spelled in two ways, and little of the evidence is that.
    expect(tally.same).toBeLessThan(count / 50)
    expect(tally.codes.size, 'kinds of refusals').toBeGreaterThan(3)
    expect(tally.slowest).toBeLessThan(LONGEST)
  },
)
