import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Attestation } from '@jejunetwork/sdk'
import { expect, onTestFinished, test } from 'vitest'
import { createLog } from '../../log.ts'
import { collectGpus } from './gpus.ts'

const VECTOR = join(import.meta.dirname, '../../../../../test/vectors/tee/nvidia/hopper-sdk/evidence.json')
const [{ nonce }] = JSON.parse(readFileSync(VECTOR, 'utf8'))
const NONCE = new Uint8Array(Buffer.from(nonce.replace(/^0x/, ''), 'hex'))

test('what nvattest prints of a real Hopper is taken, and asked for with the nonce', async () => {
  const path = program(`[ "$3" = nvswitch ] && exit 1
[ "$*" = "collect-evidence --device gpu --nonce ${NONCE_HEX} --format json" ] || exit 9
printf '{"evidences":'; cat '${VECTOR}'; printf ',"result_code":0,"result_message":"Ok"}'`)
  const [evidence, ...rest] = await collect(path)
  expect(rest).toHaveLength(0)
  expect(evidence?.report.length).toBeGreaterThan(4_000)
})

test('switches between the GPUs sign the same nonce, and are bound with them', async () => {
  const [hopper, ls10] = ['hopper-sdk-certhold', 'switch-ls10'].map((name) =>
    VECTOR.replace('hopper-sdk', name),
  )
  const path = program(`case "$3" in gpu) file='${hopper}' ;; nvswitch) file='${ls10}' ;; *) exit 9 ;; esac
printf '{"evidences":'; cat "$file"; printf ',"result_code":0,"result_message":"Ok"}'`)
  const [{ nonce: asked }] = JSON.parse(readFileSync(ls10 ?? '', 'utf8'))
  const bytes = new Uint8Array(Buffer.from(asked.replace(/^0x/, ''), 'hex'))
  const found = await collect(path, bytes)
  const models = await Promise.all(
    found.map(async (evidence) => {
      const verdict = await Attestation.Nvidia.verify(evidence, { at: 1_770_000_000n, nonce: bytes })
      return verdict.ok ? verdict.claims.architecture : verdict.refusal.code
    }),
  )
  expect(models).toEqual(['hopper', 'nvswitch'])
})

test('evidence for another nonce is not bound', async () => {
  const path = program(`printf '{"evidences":'; cat '${VECTOR}'; printf ',"result_code":0}'`)
  await expect(collect(path, new Uint8Array(32))).rejects.toThrow(/^The evidence that nvattest .* GPU_NONCE/)
})

test.each([
  ['an error', `echo '{"evidences":[],"result_code":301}'`, /result_code is 301/],
  ['no JSON', 'echo hello', /it is not JSON/],
])('%s in what it prints is said', async (_, script, why) => {
  await expect(collect(program(script))).rejects.toThrow(why)
})

test('without nvattest, or where it finds nothing, there are no GPUs', async () => {
  expect(await collect('/nowhere/nvattest')).toEqual([])
  expect(await collect(program('exit 1'))).toEqual([])
})

const NONCE_HEX = Buffer.from(NONCE).toString('hex')

function collect(path: string, nonce = NONCE) {
  const log = createLog({ level: 'silent' })
  return collectGpus(nonce, { log, path, signal: new AbortController().signal })
}

function program(script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'nvattest-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'nvattest')
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return path
}
