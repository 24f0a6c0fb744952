import { Attestation } from '@jejunetwork/sdk'
import { atomically, type Journal } from '../../journal.ts'
import type { Shown } from './collect.ts'

/**
 * What this node has had signed. `shown` is what the chain holds and the world may see; `next` is what is on its way
 * there, on disk before it is sent, so that a crash neither loses it nor has it made twice.
 */
export type Rows = {
  /** The same object for as long as it holds the same. */
  read(slot: Slot): Kept | undefined
  /** Puts new evidence on its way. */
  put(evidence: Shown): void
  /** What was on its way is on chain, rated by that collateral. */
  arrive(kept: Kept): void
  /** The evidence that is shown has newer collateral. */
  rate(kept: Kept): void
}

/** Evidence, and the digest of the collateral on chain that it was last rated by. */
export type Kept = { evidence: Shown; rated: string }
type Slot = 'next' | 'shown'

export function openRows(journal: Journal): Rows {
  journal.exec(
    'CREATE TABLE IF NOT EXISTS attestation (slot TEXT PRIMARY KEY, evidence TEXT, rated TEXT) STRICT',
  )
  const select = journal.prepare('SELECT evidence, rated FROM attestation WHERE slot = ?')
  const replace = journal.prepare('INSERT OR REPLACE INTO attestation VALUES (?, ?, ?)')
  const remove = journal.prepare("DELETE FROM attestation WHERE slot = 'next'")
  const write = (slot: Slot, { evidence, rated }: Kept) =>
    void replace.run(slot, Attestation.Evidence.toJson(evidence), rated)
  // Whoever asks for it has the same text read again, which takes milliseconds for what has many GPUs.
  const known = new Map<Slot, { evidence: Attestation.Evidence.Evidence; text: string }>()
  const parsed = (slot: Slot, text: string) => {
    const last = known.get(slot)
    if (last?.text === text) return last.evidence
    const evidence = Attestation.Evidence.fromJson(text)
    known.set(slot, { evidence, text })
    return evidence
  }
  return {
    arrive(kept) {
      atomically(journal, () => {
        write('shown', kept)
        remove.run()
      })
    },
    put: (evidence) => write('next', { evidence, rated: '' }),
    rate: (kept) => write('shown', kept),
    read(slot) {
      const row = select.get(slot)
      if (row === undefined) return undefined
      const evidence = parsed(slot, String(row['evidence']))
      return evidence.tee === 'none' ? undefined : { evidence, rated: String(row['rated']) }
    },
  }
}
