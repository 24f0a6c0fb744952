import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

/** So long a reader may take nothing before its answer ends and its place is another's. */
const PATIENCE_MS = 30_000

/** Server-sent events over one answer. Each write waits until the reader keeps up. */
export type EventStream = {
  readonly opened: boolean
  open(headers?: Record<string, string>): void
  /** An event; `note` goes along as a comment, which clients skip that do not pay. */
  send(data: object | string, options?: { event?: string; note?: object | undefined }): Promise<void>
  note(note: object): Promise<void>
  end(): void
}

export function createEventStream(
  raw: ServerResponse,
  signal: AbortSignal,
  patienceMs: number = PATIENCE_MS,
): EventStream {
  const write = async (text: string) => {
    if (raw.write(text)) return
    const patience = setTimeout(() => raw.destroy(), patienceMs)
    await once(raw, 'drain', { signal }).finally(() => clearTimeout(patience))
  }
  return {
    end: () => void raw.end(),
    note: (note) => write(`: jeju ${JSON.stringify(note)}\n\n`),
    open(headers) {
      raw.writeHead(200, {
        ...headers,
        'cache-control': 'no-cache, no-transform',
        'content-type': 'text/event-stream; charset=utf-8',
        'x-accel-buffering': 'no',
      })
      raw.flushHeaders()
    },
    get opened() {
      return raw.headersSent
    },
    send(data, { event, note } = {}) {
      const name = event === undefined ? '' : `event: ${event}\n`
      const text = typeof data === 'string' ? data : JSON.stringify(data)
      // After the text that it is for: a payer counts what it has, then signs.
      const comment = note === undefined ? '' : `: jeju ${JSON.stringify(note)}\n`
      return write(`${name}data: ${text}\n${comment}\n`)
    },
  }
}
