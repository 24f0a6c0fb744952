import { type DestinationStream, destination, type Logger, pino } from 'pino'
import { visible } from './visible.ts'

/** One line per decision, as data. Warning: never pass a key, a token or a prompt. */
export type Log = {
  info(message: string, data?: Log.Data): void
  warn(message: string, data?: Log.Data): void
  error(message: string, data?: Log.Data): void
}

export declare namespace Log {
  /** Put what was thrown under `error`. */
  type Data = Record<string, unknown>
}

/** JSON lines on stdout; with `pretty`, lines for people. Written at once, so that a crash loses none. */
export function createLog(options: createLog.Options = {}): Log {
  const { level = 'info', pretty = false, to = destination({ fd: 1, sync: true }) } = options
  const logger = pino(
    {
      base: null,
      formatters: { level: (label) => ({ level: label }), log: plain },
      level,
      timestamp: pretty ? false : () => `,"time":"${new Date().toISOString()}"`,
    },
    pretty ? people(to) : to,
  )
  return { error: at(logger, 'error'), info: at(logger, 'info'), warn: at(logger, 'warn') }
}

export declare namespace createLog {
  type Options = {
    level?: 'info' | 'warn' | 'error' | 'silent'
    pretty?: boolean
    to?: DestinationStream
  }
}

function at(logger: Logger, level: 'info' | 'warn' | 'error') {
  return (message: string, data: Log.Data = {}): void => logger[level](data, message)
}

/** Ids and wei as decimal strings, errors as their sentence and its causes. */
function plain(data: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, plainValue(value)]))
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Error) return sentence(value)
  if (Array.isArray(value)) return value.map(plainValue)
  return value
}

function sentence(error: Error): string {
  const message = 'shortMessage' in error ? String(error.shortMessage) : error.message
  const own = `${error.name}: ${message}`
  return error.cause instanceof Error ? `${own} (${sentence(error.cause)})` : own
}

function people(to: DestinationStream): DestinationStream {
  return {
    write(line: string): void {
      const { level, msg, ...data } = JSON.parse(line) as { level: string; msg: string }
      const facts = Object.entries(data).map(([key, value]) => `${key} ${format(value)}`)
      const mark = level === 'info' ? '' : `${level}: `
      to.write(visible(`${mark}${msg}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}\n`))
    },
  }
}

function format(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
