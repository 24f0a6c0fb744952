// Verifies mutated evidence, 10,000 mutations per format unless another number is given, and every byte of what
// is signed once: `node --conditions=src bench/mutations.ts [count] [seed]`. Fails at the first that is accepted. Then has the
// contracts do their 10,000 of each of Intel's formats, by forge.

import { foundry } from '../packages/contracts/scripts/foundry.ts'
import { CONTRACTS, sh } from '../scripts/steps.ts'
import { attack, everyByte, formats } from '../test/attestation/Formats.ts'
import { seeded } from '../test/attestation/mutate.ts'
import { rememberSignatures } from '../test/attestation/remember.ts'

const [count = 10_000, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number)
rememberSignatures()
console.log(`seed ${seed}`)
for (const format of formats()) {
  const started = performance.now()
  const { codes, mutations, refused, same, slowest } = await attack(format, { count, random: seeded(seed) })
  const bytes = await everyByte(format)
  const each = ((performance.now() - started) / (mutations + bytes)).toFixed(1)
  const kinds = [...codes]
    .sort(([, left], [, right]) => right - left)
    .map(([code, times]) => `${code} ${times}`)
  console.log(
    `${format.name}: ${mutations} mutations, ${refused} refused, ${same} the same in another spelling`,
  )
  console.log(
    `  and each of ${bytes} signed bytes refused; ${each} ms each, ${slowest.toFixed(0)} at most; ${kinds.join(', ')}`,
  )
}
const { code } = await sh([foundry('forge'), 'test', '--match-path', 'test/DcapVerifier/mutations.t.sol'], {
  cwd: CONTRACTS,
})
process.exitCode = code
