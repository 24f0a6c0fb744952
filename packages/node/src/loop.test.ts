import { expect, test } from 'vitest'
import { every } from './loop.ts'

test('runs never overlap, and the loop resolves when aborted', async () => {
  const stop = new AbortController()
  let running = 0
  let most = 0
  let runs = 0

  await every(
    1,
    async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 3))
      running--
      if (++runs === 5) stop.abort()
    },
    { onError: fail, signal: stop.signal },
  )

  expect(runs).toBe(5)
  expect(most).toBe(1)
})

test('an error goes to onError and the loop goes on', async () => {
  const stop = new AbortController()
  const errors: unknown[] = []
  let runs = 0

  await every(
    1,
    async () => {
      if (++runs === 3) return stop.abort()
      throw new Error(`run ${runs}`)
    },
    { onError: (error) => errors.push(error), signal: stop.signal },
  )

  expect(errors.map(String)).toEqual(['Error: run 1', 'Error: run 2'])
})

test('a wake during a run brings the next one at once', async () => {
  const stop = new AbortController()
  const wake = new EventTarget()
  let runs = 0

  await every(
    3_600_000,
    async () => {
      if (++runs === 3) stop.abort()
      else wake.dispatchEvent(new Event('wake'))
    },
    { onError: fail, signal: stop.signal, wake },
  )

  expect(runs).toBe(3)
})

test('an abort ends the pause', async () => {
  const stop = new AbortController()
  const loop = every(3_600_000, async () => {}, { onError: fail, signal: stop.signal })
  setTimeout(() => stop.abort(), 5)
  await loop
})

function fail(error: unknown): never {
  throw error
}
