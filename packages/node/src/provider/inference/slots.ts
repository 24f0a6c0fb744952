import { OpenAiError } from './OpenAiError.ts'

/**
 * Places for requests: some run, a bounded number waits, the rest is turned away. Who has the fewest is served first, and
 * who has the most makes room for who has less, so that nobody takes all places.
 */
export type Slots = {
  /** Lets a request of `owner` in. Refused with 429 when too many are in. */
  admit(owner: string): Ticket
  running(): number
  waiting(): number
}

/** A request that was let in. */
export type Ticket = {
  /** Waits for a place to run. Refused with 429 when the place in the line goes to another owner. */
  start(signal: AbortSignal): Promise<void>
  /** Gives back what it holds. Calling it twice is fine. */
  leave(): void
}

type Waiter = { owner: string; run: () => void; refuse: (reason: unknown) => void }

export function createSlots({ places, queue }: { places: number; queue: number }): Slots {
  const line: Waiter[] = []
  const inside = counter()
  const running = counter()
  const next = () => {
    if (running.all() >= places) return
    const fewest = Math.min(...line.map(({ owner }) => running.of(owner)))
    line.find(({ owner }) => running.of(owner) === fewest)?.run()
  }
  /** Sends the last of the greediest owner away; false if nobody has more than `owner` would have. */
  const makeRoom = (owner: string) => {
    const most = Math.max(0, ...line.map((waiter) => inside.of(waiter.owner)))
    if (most <= inside.of(owner) + 1) return false
    line.findLast((waiter) => inside.of(waiter.owner) === most)?.refuse(overloaded())
    return true
  }

  return {
    admit(owner) {
      if (inside.all() >= places + queue && !makeRoom(owner)) throw overloaded()
      inside.add(owner, 1)
      let state: 'in' | 'running' | 'left' = 'in'
      const leave = () => {
        if (state === 'left') return
        if (state === 'running') running.add(owner, -1)
        state = 'left'
        inside.add(owner, -1)
        next()
      }
      return {
        leave,
        async start(signal) {
          signal.throwIfAborted()
          const { promise, reject, resolve } = Promise.withResolvers<void>()
          const out = () => {
            const place = line.indexOf(waiter)
            if (place !== -1) line.splice(place, 1)
          }
          const refuse = (reason: unknown) => {
            out()
            leave()
            reject(reason)
          }
          const run = () => {
            out()
            running.add(owner, 1)
            state = 'running'
            resolve()
          }
          const waiter = { owner, refuse, run }
          const give = () => refuse(signal.reason)
          line.push(waiter)
          signal.addEventListener('abort', give)
          next()
          await promise.finally(() => signal.removeEventListener('abort', give))
        },
      }
    },
    running: () => running.all(),
    waiting: () => inside.all() - running.all(),
  }
}

function counter() {
  const counts = new Map<string, number>()
  let all = 0
  return {
    add(owner: string, change: 1 | -1) {
      const count = (counts.get(owner) ?? 0) + change
      all += change
      if (count === 0) counts.delete(owner)
      else counts.set(owner, count)
    },
    all: () => all,
    of: (owner: string) => counts.get(owner) ?? 0,
  }
}

function overloaded(): OpenAiError {
  return new OpenAiError(429, 'overloaded', 'The provider is busy. Try again in a second.', {
    retryAfterSeconds: 1,
  })
}
