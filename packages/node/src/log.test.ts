import { expect, test } from 'vitest'
import { createLog } from './log.ts'

test('writes one JSON line per call, with ids as strings and errors as sentences', () => {
  const { lines, to } = setup()
  const log = createLog({ to })

  log.info('session started', { ms: 12, sessionId: 7n })
  log.error('pass failed', { error: new Error('Outer.', { cause: new TypeError('inner') }) })

  const [first, second] = lines.map((line) => JSON.parse(line))
  expect(first).toMatchObject({ level: 'info', ms: 12, msg: 'session started', sessionId: '7' })
  expect(Date.parse(first.time)).toBeGreaterThan(0)
  expect(second.error).toBe('Error: Outer. (TypeError: inner)')
})

test('pretty lines are for people', () => {
  const { lines, to } = setup()
  createLog({ pretty: true, to }).warn('slow', { ids: [1n, 2n], ms: 3 })
  expect(lines).toEqual(['warn: slow (ids ["1","2"], ms 3)\n'])
})

test('keeps to its level', () => {
  const { lines, to } = setup()
  const log = createLog({ level: 'warn', to })
  log.info('no')
  log.warn('yes')
  expect(lines).toHaveLength(1)
})

function setup() {
  const lines: string[] = []
  return { lines, to: { write: (line: string) => void lines.push(line) } }
}
