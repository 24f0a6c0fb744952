// Verifies evidence of a TEE on this machine, offline, with the SDK's own verifier:
//   node --conditions=src scripts/verify-quote.ts <folder> [time]
// The folder holds a quote with its collateral, an SNP report with its certificates, or GPU evidence, under the
// names used in test/vectors/tee. Without a time it verifies at the clock's. Exits with 1 when it refuses.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Attestation } from '@jejunetwork/sdk'

const [folder, time] = process.argv.slice(2)
if (!folder) {
  console.error(
    'Usage: node --conditions=src scripts/verify-quote.ts <folder> [time, such as 2025-07-01T00:00:00Z]',
  )
  process.exit(2)
}
const milliseconds = time ? Date.parse(time) : Date.now()
if (Number.isNaN(milliseconds)) {
  console.error(`The time must be like 2025-07-01T00:00:00Z; it is ${time}.`)
  process.exit(2)
}
const at = BigInt(Math.floor(milliseconds / 1000))

const verdict = await verify(folder)
if (!verdict.ok) {
  console.log(verdict.refusal.message)
  process.exit(1)
}
console.log('Verified.')
for (const [name, value] of Object.entries(verdict.claims)) {
  const shown = show(value)
  if (shown !== undefined) console.log(`  ${name}: ${shown}`)
}

async function verify(from: string): Promise<Attestation.Verdict<object>> {
  const has = (name: string): boolean => existsSync(join(from, name))
  const bytes = (name: string): Uint8Array => new Uint8Array(readFileSync(join(from, name)))
  const text = (name: string): string => readFileSync(join(from, name), 'utf8')
  if (has('quote.bin')) {
    const collateral = Attestation.Collateral.fromJson(text('collateral.json'))
    return await Attestation.Dcap.verify(bytes('quote.bin'), { at, collateral })
  }
  if (has('report.bin')) {
    const vek = ['vcek.der', 'vcek.pem', 'vlek.der'].find(has) ?? 'vcek.der'
    const chain = ['ask_ark.pem', 'asvk_ark.pem'].find(has) ?? 'ask_ark.pem'
    return await Attestation.Snp.verify(bytes('report.bin'), { at, chain: bytes(chain), vek: bytes(vek) })
  }
  const [first] = Attestation.Nvidia.fromJson(text('evidence.json'))
  if (!first) throw new Error('The GPU evidence is an empty list.')
  return await Attestation.Nvidia.verify(first, { at, nonce: first.nonce })
}

/** Text for what fits a line. The whole report is left out. */
function show(value: unknown): string | undefined {
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString('hex')}`
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  if (Array.isArray(value)) return value.join(', ') || 'none'
  if (typeof value !== 'object' || value === null) return undefined
  if ('from' in value && 'until' in value) return `${iso(value.from)} to ${iso(value.until)}`
  return 'bootLoader' in value ? JSON.stringify(value) : undefined
}

function iso(seconds: unknown): string {
  return new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z')
}
