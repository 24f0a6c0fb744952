import { OpenAiError } from './OpenAiError.ts'

/** Places for requests: some run, a bounded number waits, the rest is turned away. */
export type Slots = {
  /** Lets a request in. Refused with 429 when too many are in. */
  admit(): Ticket
  running(): number
  waiting(): number
}

export type Ticket = {
  /** Waits for a place to run. */
  start(signal: AbortSignal): Promise<void>
  /** Gives back what it holds. Calling it twice is fine. */
  leave(): void
}

export function createSlots({ places, queue }: { places: number; queue: number }): Slots {
  const line: (() => void)[] = []
  let admitted = 0
  let running = 0
  const next = () => {
    if (running < places) line.shift()?.()
  }

  return {
    admit() {
      if (admitted >= places + queue) {
        throw new OpenAiError(429, 'overloaded', 'The provider is busy. Try again in a second.', {
          retryAfterSeconds: 1,
        })
      }
      admitted++
      let state: 'in' | 'running' | 'left' = 'in'
      return {
        leave() {
          if (state === 'left') return
          if (state === 'running') running--
          state = 'left'
          admitted--
          next()
        },
        async start(signal) {
          signal.throwIfAborted()
          const { promise, reject, resolve } = Promise.withResolvers<void>()
          const run = () => {
            running++
            state = 'running'
            resolve()
          }
          const give = () => {
            const place = line.indexOf(run)
            if (place !== -1) line.splice(place, 1)
            reject(signal.reason)
          }
          line.push(run)
          signal.addEventListener('abort', give)
          next()
          await promise.finally(() => signal.removeEventListener('abort', give))
        },
      }
    },
    running: () => running,
    waiting: () => admitted - running,
  }
}
