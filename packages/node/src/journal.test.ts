import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { atomically, openJournal } from './journal.ts'

test('what was written is there after kill -9', () => {
  const { path } = setup()
  const writer = `
    import { openJournal } from ${JSON.stringify(import.meta.resolve('./journal.ts'))}
    const journal = openJournal(${JSON.stringify(path)})
    journal.exec('CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, text TEXT)')
    journal.prepare('INSERT INTO note VALUES (?, ?)').run(1, 'kept')
    process.kill(process.pid, 'SIGKILL')`
  expect(() => execFileSync(process.execPath, ['--input-type=module-typescript', '-e', writer])).toThrow()

  const journal = openJournal(path)
  expect(journal.prepare('SELECT text FROM note').get()).toEqual({ text: 'kept' })
  journal.close()
})

test('atomically writes all or nothing', () => {
  const { journal } = setup()
  journal.exec('CREATE TABLE note (id INTEGER PRIMARY KEY)')

  expect(() =>
    atomically(journal, () => {
      journal.exec('INSERT INTO note VALUES (1)')
      throw new Error('half way')
    }),
  ).toThrow('half way')
  expect(atomically(journal, () => journal.prepare('SELECT count(*) AS n FROM note').get())).toEqual({ n: 0 })
})

function setup() {
  const folder = mkdtempSync(join(tmpdir(), 'journal-'))
  const path = join(folder, 'journal.db')
  const journal = openJournal(path)
  onTestFinished(() => {
    journal.close()
    rmSync(folder, { recursive: true })
  })
  return { journal, path }
}
