import { expect, test } from 'vitest'
import { createLog } from './log.ts'
import { visible } from './visible.ts'

const TITLE = '\u001b]0;owned\u0007'

test('what a terminal would obey is shown instead', () => {
  expect(visible(`a${TITLE}b\u009b2Jc\rd\u202ee\n\tf é 🎉`)).toBe('a�]0;owned�b�2Jc�d�e\n\tf é 🎉')
})

test('a log for people obeys no one', () => {
  const lines: string[] = []
  const log = createLog({ pretty: true, to: { write: (line) => void lines.push(line) } })
  log.info('session declined', { reason: TITLE })
  expect(lines).toEqual(['session declined (reason �]0;owned�)\n'])
})
