import { setTimeout as wait } from 'node:timers/promises'

const CHECK_MS = 500

/** Resolves when the process that started this one is gone. */
export async function untilOrphaned(signal: AbortSignal): Promise<undefined> {
  const parent = process.ppid
  while (process.ppid === parent && !signal.aborted)
    await wait(CHECK_MS, undefined, { signal }).catch(() => {})
  return undefined
}
