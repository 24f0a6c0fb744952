import { expect, test } from 'vitest'
import * as Cron from './Cron.ts'

test.each([
  ['30 12 * * 1-5', '30 12 * * 1-5'],
  ['  */5   0 1 JAN,Jul mon-FRI ', '*/5 0 1 1,7 1-5'],
  ['@daily', '0 0 * * *'],
  ['@Weekly', '0 0 * * 0'],
  ['0 9 * * FRI-SUN', '0 9 * * 5-7'],
  ['05 09-17/2 * dec sun', '5 9-17/2 * 12 0'],
])('%j is %j for the chain', (text, compiled) => {
  expect(Cron.parse(text)).toBe(compiled)
})

test.each([
  ['* * * *', 'it has 4 fields'],
  ['0 0 12 * * *', 'it has 6 fields'],
  ['60 * * * *', 'the minute takes'],
  ['0 24 * * *', 'the hour takes'],
  ['0 0 L * *', 'the day of month takes'],
  ['0 0 * 13 *', 'the month takes'],
  ['0 0 * * 5#2', 'the weekday takes'],
  ['0 0 * * 5-1', 'the weekday takes'],
  ['5/10 * * * *', 'the minute takes'],
  ['*/61 * * * *', 'the minute takes'],
  ['0 0 * * */8', 'the weekday takes'],
  ['@reboot', 'the nicknames are @annually'],
  ['', 'it has 1 fields'],
])('%j is refused: %s', (text, problem) => {
  expect(() => Cron.parse(text)).toThrow(problem)
})

test('offsets are whole quarter hours, there and back', () => {
  expect(Cron.parseOffset('Z')).toBe(0)
  expect(Cron.parseOffset('+02:00')).toBe(8)
  expect(Cron.parseOffset('-3:30')).toBe(-14)
  expect(Cron.formatOffset(-14)).toBe('-03:30')
  expect(Cron.formatOffset(23)).toBe('+05:45')
  for (const text of ['2', '+14:15', '+1:20', '+1:75', 'CET'])
    expect(() => Cron.parseOffset(text), text).toThrow('offset')
})
