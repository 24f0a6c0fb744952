import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

/** The commands of a page and what it says they print, in order. */
function examples(page: string): readonly { commands: string; printed: string }[] {
  const blocks = readFileSync(join(ROOT, page), 'utf8').matchAll(/```sh\n(.*?)```\n\n```text\n(.*?)```/gs)
  return [...blocks].map(([, commands = '', printed = '']) => ({ commands, printed }))
}

test('the commands in docs/trust.md print what the page says, in one shell from top to bottom', () => {
  const all = examples('docs/trust.md')
  expect(all.length).toBeGreaterThan(5)
  const folder = mkdtempSync(join(tmpdir(), 'trust-'))
  const here = (text: string): string => text.replaceAll('/tmp/quote', folder)
  try {
    const script = all.map(
      ({ commands }, index) => `${index > 0 ? `echo '--- ${index}'\n` : ''}${here(commands)}`,
    )
    const path = `${join(ROOT, 'node_modules/.bin')}:${process.execPath.replace(/\/[^/]+$/, '')}:${process.env['PATH']}`
    const output = execFileSync('sh', ['-eu', '-c', script.join('\n')], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, PATH: path },
    })
    const printed = output.split(/^--- \d+\n/m)
    for (const [index, { commands, printed: wanted }] of all.entries()) {
      expect(printed[index], commands).toBe(here(wanted))
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
