import { ComputeError } from './Errors.ts'

/** The five fields in order, with their bounds. Sunday is 0 or 7. */
const FIELDS = [
  { name: 'minute', from: 0, to: 59, names: [] },
  { name: 'hour', from: 0, to: 23, names: [] },
  { name: 'day of month', from: 1, to: 31, names: [] },
  {
    name: 'month',
    from: 1,
    to: 12,
    names: ['', 'JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
  },
  { name: 'weekday', from: 0, to: 7, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] },
] as const

const NICKNAMES: Readonly<Record<string, string>> = {
  '@annually': '0 0 1 1 *',
  '@daily': '0 0 * * *',
  '@hourly': '0 * * * *',
  '@midnight': '0 0 * * *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@yearly': '0 0 1 1 *',
}

/**
 * A cron expression as people write it, in the form that the chain compiles: nicknames such as `@daily` and names such as
 * `MON` or `JAN` become numbers, spaces become one. What the chain would refuse is refused here, with the field.
 */
export function parse(text: string): string {
  const trimmed = text.trim()
  const words = (NICKNAMES[trimmed.toLowerCase()] ?? trimmed).split(/\s+/)
  if (trimmed.startsWith('@') && NICKNAMES[trimmed.toLowerCase()] === undefined)
    throw new InvalidCronError({ problem: `the nicknames are ${Object.keys(NICKNAMES).join(', ')}`, text })
  if (words.length !== FIELDS.length) {
    const problem = `it has ${words.length} fields where minute, hour, day of month, month and weekday are needed`
    throw new InvalidCronError({ problem, text })
  }
  return FIELDS.map((field, index) => parseField(words[index] ?? '', { field, text })).join(' ')
}

/** An offset from UTC such as `Z`, `+02:00` or `-3:30`, in quarter hours. It is fixed: summer time is not known. */
export function parseOffset(text: string): number {
  if (/^(z|utc)$/i.test(text)) return 0
  const [, sign, hours = '', minutes = '00'] = /^([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(text) ?? []
  const total = Number(hours) * 60 + Number(minutes)
  if (sign === undefined || Number(minutes) > 59 || total % 15 !== 0 || total > 14 * 60)
    throw new InvalidOffsetError({ text })
  return total === 0 ? 0 : (sign === '-' ? -total : total) / 15
}

/** Quarter hours as `+02:00`. */
export function formatOffset(quarterHours: number): string {
  const minutes = Math.abs(quarterHours) * 15
  const two = (number: number) => String(number).padStart(2, '0')
  return `${quarterHours < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

/** The chain would not compile this expression. */
export class InvalidCronError extends ComputeError {
  override readonly name = 'InvalidCronError'

  constructor({ problem, text }: { problem: string; text: string }) {
    super(`The cron expression ${JSON.stringify(text)} does not parse: ${problem}.`)
  }
}

/** No offset from UTC that a trigger can have. */
export class InvalidOffsetError extends ComputeError {
  override readonly name = 'InvalidOffsetError'

  constructor({ text }: { text: string }) {
    super(
      `The offset from UTC is Z, or whole quarter hours up to 14:00 such as +02:00; it was ${JSON.stringify(text)}.`,
    )
  }
}

type Field = (typeof FIELDS)[number]
type At = { field: Field; text: string }

function parseField(word: string, at: At): string {
  return word
    .split(',')
    .map((part) => parsePart(part, at))
    .join(',')
}

function parsePart(part: string, at: At): string {
  const [, range = '', step] = /^([^/]*)(?:\/(\d{1,2}))?$/.exec(part) ?? []
  const { field } = at
  if (step !== undefined && (Number(step) === 0 || Number(step) > longestStep(field))) throw refused(part, at)
  const suffix = step === undefined ? '' : `/${Number(step)}`
  if (range === '*') return `*${suffix}`

  const [first = '', last, more] = range.split('-')
  const from = parseValue(first, { ...at, part })
  if (last === undefined) {
    if (step !== undefined) throw refused(part, at)
    return String(from)
  }
  let to = parseValue(last, { ...at, part })
  // A week can be written as ending with its Sunday: FRI-SUN.
  if (field.name === 'weekday' && to === 0 && from > 0) to = 7
  if (more !== undefined || from > to) throw refused(part, at)
  return `${from}-${to}${suffix}`
}

function parseValue(word: string, at: At & { part: string }): number {
  const { field, part } = at
  const named = (field.names as readonly string[]).indexOf(word.toUpperCase())
  if (word !== '' && named >= 0) return named
  const value = Number(word)
  if (!/^\d{1,2}$/.test(word) || value < field.from || value > field.to) throw refused(part, at)
  return value
}

/** Of a week that is 7, though its Sunday has two numbers. */
const longestStep = ({ from, name, to }: Field) => (name === 'weekday' ? 7 : to - from + 1)

function refused(part: string, { field, text }: At): InvalidCronError {
  const { from, name, to } = field
  const problem = `the ${name} takes *, numbers from ${from} to ${to}, ranges a-b, steps */n and a-b/n, and lists of those; it was ${JSON.stringify(part)}`
  return new InvalidCronError({ problem, text })
}
