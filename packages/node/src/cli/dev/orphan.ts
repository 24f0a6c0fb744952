import { setTimeout as wait } from 'node:timers/promises'
import { ComputeError } from '@jejunetwork/sdk'

const CHECK_MS = 500

/** The process that started this one is gone, so nobody waits for it. */
export class OrphanedError extends ComputeError {
  override readonly name = 'OrphanedError'

  constructor() {
    super('npm, which started this, is gone.')
  }
}

/** Resolves when this process is no longer its first parent's. */
export async function untilOrphaned(parent: number, signal: AbortSignal): Promise<void> {
  while (process.ppid === parent && !signal.aborted)
    await wait(CHECK_MS, undefined, { signal }).catch(() => {})
}
