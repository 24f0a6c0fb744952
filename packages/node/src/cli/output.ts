import { visible } from '../visible.ts'
import { asCalled } from './config.ts'
import { UsageError } from './errors.ts'
import { question as ask } from './question.ts'

const SHOW_AFTER_MS = 700
const REPEAT_AFTER_MS = 2_000

/** How a command speaks: its result on stdout, everything else on stderr. */
export type Output = {
  /** One line for the person who waits. */
  say(line: string): void
  /** A step of something long. What repeats itself, as a download does, is shown now and then. */
  step(message: string): void
  /** Says `what` if `work` takes noticeable time. */
  during<T>(what: string, work: Promise<T>): Promise<T>
  /** Resolves when the person agrees, or agreed with --yes. */
  confirm(question: string): Promise<void>
}

export function createOutput(options: { yes: boolean }): Output {
  const say = (line: string) => void process.stderr.write(`${asCalled(visible(line))}\n`)
  let topic = ''
  let shownAt = 0
  return {
    say,
    step(message) {
      const [now = ''] = message.split(':')
      if (now === topic && Date.now() - shownAt < REPEAT_AFTER_MS) return
      topic = now
      shownAt = Date.now()
      const sentence = `${message.charAt(0).toUpperCase()}${message.slice(1)}`
      say(/[.…]$/.test(sentence) ? sentence : `${sentence} …`)
    },
    async during(what, work) {
      const timer = setTimeout(() => say(`${what} …`), SHOW_AFTER_MS)
      try {
        return await work
      } finally {
        clearTimeout(timer)
      }
    },
    async confirm(question) {
      if (options.yes) return
      if (!process.stdin.isTTY) throw new UsageError(`${question} Pass --yes to agree.`)
      const answer = await ask(`${asCalled(visible(question))} [y/N] `)
      if (!/^y(es)?$/i.test(answer.trim())) throw new UsageError('Nothing was done.')
    },
  }
}

/** What a command gives back: data for programs and text for people. */
export type Result = { data: unknown; text: string }

export function print(result: Result, { json }: { json: boolean }): void {
  process.stdout.write(`${json ? visible(toJson(result.data)) : asCalled(visible(result.text))}\n`)
}

/** JSON in which ids and wei are decimal strings. */
export function toJson(data: unknown): string {
  return JSON.stringify(data, (_, value) => (typeof value === 'bigint' ? value.toString() : value), 2)
}

/** Columns under their heads, as wide as needed. */
export function table(heads: readonly string[], given: readonly (readonly string[])[]): string {
  const rows = given.map((row) => row.map(inOneLine))
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [heads, ...rows].map(line).join('\n')
}

/** Names and values below each other. */
export function facts(pairs: Readonly<Record<string, string | undefined>>): string {
  const known = Object.entries(pairs).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, inOneLine(value)]],
  )
  const width = Math.max(...known.map(([name]) => name.length))
  return known.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')
}

const inOneLine = (text: string) => visible(text.replace(/[\n\t]/g, ' '))
