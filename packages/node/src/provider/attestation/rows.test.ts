import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hex } from 'viem'
import { expect, onTestFinished, test } from 'vitest'
import { openJournal } from '../../journal.ts'
import type { Shown } from './collect.ts'
import { openRows } from './rows.ts'

test('what strangers ask for again and again is read once for each time that it changes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rows-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const journal = openJournal(join(folder, 'journal.db'))
  onTestFinished(() => journal.close())
  const rows = openRows(journal)
  expect(rows.read('shown')).toBeUndefined()

  rows.arrive({ evidence: evidence(1), rated: 'a' })
  const first = rows.read('shown')
  expect(first).toEqual({ evidence: evidence(1), rated: 'a' })
  expect(rows.read('shown')?.evidence).toBe(first?.evidence)

  rows.rate({ evidence: evidence(1), rated: 'b' })
  expect(rows.read('shown')?.rated).toBe('b')
  rows.put(evidence(2))
  expect(rows.read('next')?.evidence.report).toEqual(Uint8Array.of(2))
  rows.arrive({ evidence: evidence(3), rated: 'c' })
  expect(rows.read('shown')?.evidence.report).toEqual(Uint8Array.of(3))
  expect(rows.read('next')).toBeUndefined()
})

function evidence(report: number): Shown {
  const word: Hex = `0x${'11'.repeat(32)}`
  const account: Hex = `0x${'22'.repeat(20)}`
  const keys = { sshHostKeyHash: word, tlsSpkiHash: word }
  const block = { blockHash: word, blockNumber: 1n }
  return {
    binding: {
      agentId: 0n,
      ...block,
      chainId: 1n,
      gpuEvidenceHash: word,
      provider: account,
      registry: account,
      ...keys,
    },
    gpus: [],
    report: Uint8Array.of(report),
    tee: 'tdx',
  }
}
