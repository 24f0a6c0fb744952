// Verifies mutated evidence, 10,000 mutations per format unless another number is given, and every byte of what
// is signed once: `node --conditions=src bench/mutations.ts [count] [seed]`. Fails at the first that is accepted.
import { attack, everyByte, formats } from '../test/attestation/Formats.ts'
import { seeded } from '../test/attestation/mutate.ts'

const [count = 10_000, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number)
console.log(`seed ${seed}`)
for (const format of formats()) {
  const started = performance.now()
  const { codes, mutations, refused, same } = await attack(format, { count, random: seeded(seed) })
  const bytes = await everyByte(format)
  const each = ((performance.now() - started) / (mutations + bytes)).toFixed(1)
  const kinds = [...codes]
    .sort(([, left], [, right]) => right - left)
    .map(([code, times]) => `${code} ${times}`)
  console.log(
    `${format.name}: ${mutations} mutations, ${refused} refused, ${same} the same in another spelling`,
  )
  console.log(`  and each of ${bytes} signed bytes refused; ${each} ms each; ${kinds.join(', ')}`)
}
