import { setTimeout as delay } from 'node:timers/promises'
import { linked } from './linked.ts'

/**
 * The one loop of the house: runs `task` now and then every `intervalMs`, counted from the end of a run, so that
 * runs never overlap. A `wake` event makes the next run come at once; one that arrives during a run is not lost.
 * What `task` throws goes to `onError` and the loop goes on; what `onError` throws ends it. Resolves when aborted.
 */
export async function every(
  intervalMs: number,
  task: (signal: AbortSignal) => Promise<void>,
  options: every.Options,
): Promise<void> {
  const { onError, signal, wake } = options
  let pause = linked(signal)
  const ring = () => pause.abort()
  wake?.addEventListener('wake', ring)

  try {
    while (!signal.aborted) {
      pause = linked(signal)
      try {
        await task(signal)
      } catch (error) {
        if (!signal.aborted) onError(error)
      }
      await idle(intervalMs, pause.signal)
      pause.abort()
    }
  } finally {
    wake?.removeEventListener('wake', ring)
  }
}

export declare namespace every {
  type Options = {
    signal: AbortSignal
    onError: (error: unknown) => void
    /** Dispatch `new Event('wake')` on it to have the next run at once. */
    wake?: EventTarget
  }
}

/** Waits, or returns early when aborted. */
export async function idle(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}
