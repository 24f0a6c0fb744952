#!/usr/bin/env node
// Completes package-lock.json with the optional packages of other platforms, which npm leaves out when the registry
// it asked lacks them and then misses in `npm ci`. Run it after `npm install`; `--check` only says whether it would change
// anything. The entries name a platform, so that npm skips them on this one.
import { readFileSync, writeFileSync } from 'node:fs'

const PLATFORMS = [
  [/win32|windows|^win-/, 'win32'],
  [/darwin|macos|^mac-/, 'darwin'],
  [/android/, 'android'],
  [/freebsd/, 'freebsd'],
  [/openharmony/, 'openharmony'],
  [/linux/, 'linux'],
]
const CPUS = [
  [/arm64|aarch64/, 'arm64'],
  [/ia32/, 'ia32'],
  [/x64|amd64|64$/, 'x64'],
  [/arm/, 'arm'],
  [/riscv64/, 'riscv64'],
  [/ppc64/, 'ppc64'],
  [/s390x/, 's390x'],
]

const pick = (table, name) => table.find(([pattern]) => pattern.test(name))?.[1] ?? 'none'

/** Whether `name` resolves from the package at `at`, as Node would walk up. */
function resolves(packages, at, name) {
  for (let from = at; ; ) {
    if (packages[`${from ? `${from}/` : ''}node_modules/${name}`]) return true
    if (from === '') return false
    from = from.includes('/node_modules/') ? from.slice(0, from.lastIndexOf('/node_modules/')) : ''
  }
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
const missing = []
for (const [at, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    if (resolves(lock.packages, at, name)) continue
    const short = name.slice(name.indexOf('/') + 1)
    missing.push(name)
    lock.packages[`node_modules/${name}`] = {
      version: range.replace(/^[^\d]*/, ''),
      cpu: [pick(CPUS, short)],
      ...(entry.dev ? { dev: true } : {}),
      ...(/musl/.test(short) ? { libc: ['musl'] } : {}),
      optional: true,
      os: [pick(PLATFORMS, short)],
    }
  }
}
if (process.argv.includes('--check')) {
  if (missing.length > 0) {
    console.error(
      `package-lock.json lacks ${missing.length} optional packages; run \`node scripts/lockfile.mjs\`.`,
    )
    process.exit(1)
  }
} else if (missing.length > 0) {
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`Added ${missing.length} optional packages to package-lock.json.`)
}
