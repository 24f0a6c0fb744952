import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'

/**
 * Splits what Docker sends without a terminal: frames of a stream number, a length, and the bytes. Waits for a reader
 * that is slow, and ends both streams at the end. Never rejects: a broken line is the end.
 */
export async function demux(from: Readable, to: { stdout: Writable; stderr: Writable }): Promise<void> {
  let pending: Buffer = Buffer.alloc(0)
  let target: Writable | undefined
  let left = 0
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
      for (;;) {
        if (left === 0) {
          if (pending.length < 8) break
          target = pending[0] === 2 ? to.stderr : to.stdout
          left = pending.readUInt32BE(4)
          pending = pending.subarray(8)
          continue
        }
        if (pending.length === 0) break
        const part = pending.subarray(0, left)
        pending = pending.subarray(part.length)
        left -= part.length
        if (target?.writable && !target.write(part))
          await Promise.race([once(target, 'drain'), once(target, 'close')])
      }
    }
  } catch {
    // The daemon or the machine is gone; how the command ended is asked for apart.
  }
  to.stdout.end()
  to.stderr.end()
}
