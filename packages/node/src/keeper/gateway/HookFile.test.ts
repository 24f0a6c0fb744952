import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Deployment } from '@jejunetwork/sdk'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openHooks, readHooks, writeHooks } from './HookFile.ts'

const registry = `0x${'ab'.repeat(20)}` as const
const deployment = { chainId: 31_337, triggerRegistry: registry } as Deployment
const entry = {
  chainId: 31_337,
  deliveryKey: `0x${'11'.repeat(32)}` as const,
  registry,
  secrets: [`whsec_${Buffer.alloc(24, 7).toString('base64')}`],
  trigger: '3',
}

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jeju-hooks-'))
  path = join(folder, 'keeper/webhooks.json')
})
afterEach(() => rmSync(folder, { force: true, recursive: true }))

test('what is written is read, and only its owner may', () => {
  expect(readHooks(path)).toEqual([])
  writeHooks(path, [entry])
  expect(readHooks(path)).toEqual([entry])
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('a file that others may read is refused, with the command that mends it', () => {
  writeHooks(path, [entry])
  for (const mode of [0o640, 0o604, 0o620]) {
    chmodSync(path, mode)
    expect(() => readHooks(path)).toThrow(
      `has mode ${mode.toString(8)}: others may read them. Run \`chmod 600 ${path}\`.`,
    )
  }
})

test('changes are seen at once, hooks of other chains and registries are not', () => {
  writeHooks(path, [])
  const hooks = openHooks(path, deployment)
  expect(hooks(3n)).toBeUndefined()
  writeHooks(path, [
    { ...entry, chainId: 1 },
    { ...entry, registry: `0x${'cd'.repeat(20)}` },
  ])
  expect(hooks(3n)).toBeUndefined()
  writeHooks(path, [entry])
  expect(hooks(3n)).toMatchObject({ secrets: [{ scheme: 'v1' }], trigger: 3n })
  chmodSync(path, 0o644)
  expect(() => hooks(3n)).toThrow('has mode 644')
  chmodSync(path, 0o600)
  expect(hooks(3n)).toBeDefined()
})

test.each([
  ['{', 'is not JSON'],
  ['[]', 'must hold {"hooks": […]}'],
  [hookWith({ chainId: '31337' }), 'in hook 1, chainId is a number'],
  [hookWith({ trigger: 3 }), 'in hook 1, trigger is a number in quotes'],
  [hookWith({ deliveryKey: 'whsec_secret' }), 'in hook 1, deliveryKey is 32 bytes'],
  [hookWith({ secrets: [] }), 'in hook 1, secrets is a list of 1 to 8'],
  [hookWith({ secrets: ['hunter2'] }), 'in hook 1, a secret is whsec_'],
])('%s is refused in words that give no secret away', (text, problem) => {
  writeHooks(path, [])
  writeFileSync(path, text)
  expect(() => readHooks(path)).toThrow(problem)
  expect(() => readHooks(path)).not.toThrow(/hunter2|whsec_secret/)
  expect(readFileSync(path, 'utf8')).toBe(text)
})

function hookWith(change: object): string {
  return JSON.stringify({ hooks: [{ ...entry, ...change }] })
}
