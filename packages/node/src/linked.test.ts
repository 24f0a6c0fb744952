import { expect, test } from 'vitest'
import { linked } from './linked.ts'

test('aborts with its parent, through any depth, for the same reason', () => {
  const root = new AbortController()
  const leaf = linked(linked(linked(root.signal).signal).signal)
  const reason = new Error('enough')
  root.abort(reason)
  expect(leaf.signal.reason).toBe(reason)
})

test('is aborted from the start when its parent was', () => {
  expect(linked(AbortSignal.abort('over')).signal.reason).toBe('over')
})

test('aborts alone without its parent', () => {
  const root = new AbortController()
  linked(root.signal).abort()
  expect(root.signal.aborted).toBe(false)
})
