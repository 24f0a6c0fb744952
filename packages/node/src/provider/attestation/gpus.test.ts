import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createLog } from '../../log.ts'
import { collectGpus } from './gpus.ts'

const VECTOR = join(import.meta.dirname, '../../../../../test/vectors/tee/nvidia/hopper-sdk/evidence.json')
const [{ nonce }] = JSON.parse(readFileSync(VECTOR, 'utf8'))
const NONCE = new Uint8Array(Buffer.from(nonce.replace(/^0x/, ''), 'hex'))

test('what nvattest prints of a real Hopper is taken, and asked for with the nonce', async () => {
  const path =
    program(`[ "$*" = "collect-evidence --device gpu --nonce ${NONCE_HEX} --format json" ] || exit 9
printf '{"evidences":'; cat '${VECTOR}'; printf ',"result_code":0,"result_message":"Ok"}'`)
  const [evidence, ...rest] = await collect(path)
  expect(rest).toHaveLength(0)
  expect(evidence?.report.length).toBeGreaterThan(4_000)
})

test('evidence for another nonce is not bound', async () => {
  const path = program(`printf '{"evidences":'; cat '${VECTOR}'; printf ',"result_code":0}'`)
  await expect(collect(path, new Uint8Array(32))).rejects.toThrow(/^The evidence that nvattest .* GPU_NONCE/)
})

test.each([
  ['an error', `echo '{"evidences":[],"result_code":301}'`, /result_code is 301/],
  ['no JSON', 'echo hello', /it is no JSON/],
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
