import { expect, test } from 'vitest'
import { createSlots } from './slots.ts'

const signal = new AbortController().signal

test('who takes all places gives of them to who comes later', async () => {
  const slots = createSlots({ places: 2, queue: 4 })
  const greedy = Array.from({ length: 6 }, () => slots.admit('greedy'))
  const started = greedy.map((ticket) =>
    ticket.start(signal).then(
      () => 'runs',
      ({ code }) => code,
    ),
  )
  expect(slots).toSatisfy(() => slots.running() === 2 && slots.waiting() === 4)
  expect(() => slots.admit('greedy')).toThrow('busy')

  const other = slots.admit('other')
  const begins = other.start(signal)
  expect(await started[5]).toBe('overloaded')
  expect(slots.waiting()).toBe(4)

  // The next free place is the other's, although greedy waits for longer.
  greedy[0]?.leave()
  await begins
  other.leave()
  expect(await started[2]).toBe('runs')

  for (const ticket of greedy) ticket.leave()
  expect([slots.running(), slots.waiting()]).toEqual([0, 0])
})

test('equals do not send each other away', () => {
  const slots = createSlots({ places: 1, queue: 1 })
  for (const owner of ['a', 'b']) void slots.admit(owner).start(signal)
  expect(() => slots.admit('c')).toThrow('busy')
})

test('who leaves the line frees a place', async () => {
  const slots = createSlots({ places: 1, queue: 1 })
  void slots.admit('a').start(signal)
  const gone = new AbortController()
  const ticket = slots.admit('b')
  const waits = ticket.start(gone.signal)
  gone.abort()
  await expect(waits).rejects.toThrow()
  ticket.leave()
  expect([slots.running(), slots.waiting()]).toEqual([1, 0])
})
