import { OpenAiError } from './OpenAiError.ts'

/** Places for requests: some run, a bounded number waits, the rest is turned away. */
export type Slots = {
  /** Waits for a place; the result gives it back. Refused at once with 429 when too many wait. */
  enter(signal: AbortSignal): Promise<() => void>
  running(): number
  waiting(): number
}

export function createSlots({ places, queue }: { places: number; queue: number }): Slots {
  let running = 0
  const waiting: (() => void)[] = []

  const leave = () => {
    running--
    waiting.shift()?.()
  }
  const take = () => {
    running++
    let left = false
    return () => {
      if (!left) leave()
      left = true
    }
  }

  return {
    async enter(signal) {
      signal.throwIfAborted()
      if (running < places) return take()
      if (waiting.length >= queue) {
        throw new OpenAiError(429, 'overloaded', 'The provider is busy. Try again in a second.', {
          retryAfterSeconds: 1,
        })
      }

      const { promise, reject, resolve } = Promise.withResolvers<() => void>()
      const proceed = () => resolve(take())
      const give = () => {
        const place = waiting.indexOf(proceed)
        if (place !== -1) waiting.splice(place, 1)
        reject(signal.reason)
      }
      waiting.push(proceed)
      signal.addEventListener('abort', give)
      return promise.finally(() => signal.removeEventListener('abort', give))
    },
    running: () => running,
    waiting: () => waiting.length,
  }
}
