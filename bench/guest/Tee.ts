import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Answer, decode, encode, type Question } from './Question.ts'

/** The loaded driver, and what it was asked. */
export type Tee = { asked: Question[]; unload(): Promise<void> }

type Shape = 'sev_guest' | 'tdx_guest'

/**
 * How node is started in the guest. Warning: where WebAssembly, which strips types, is compiled anew while it runs, V8 ends
 * now and then on an emulated processor (`Check failed: it->second.Size() > offset`).
 */
export const NODE: readonly [string, ...string[]] = [process.execPath, '--conditions=src', '--liftoff-only']

/** Loads made_up_tee and answers what it asks. */
export async function load(
  shape: Shape,
  answer: (question: Question) => Answer | Promise<Answer>,
  parameters: readonly string[] = [],
): Promise<Tee> {
  const asked: Question[] = []
  const server = createServer(async (request, response) => {
    const question = decode(Buffer.concat(await Array.fromAsync<Buffer>(request)))
    asked.push(question)
    response.end(encode(await answer(question)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const unload = await loadQuoted(shape, `http://127.0.0.1:${port}`, parameters)
  return {
    asked,
    async unload() {
      server.closeAllConnections()
      server.close()
      await unload()
    },
  }
}

/** Loads made_up_tee, whose questions a URL answers. Gives back what unloads it. */
export async function loadQuoted(
  shape: Shape,
  url: string,
  parameters: readonly string[] = [],
): Promise<() => Promise<void>> {
  busybox('insmod', '/run/made_up_tee.ko', `shape=${shape}`, ...parameters)
  const [node, ...flags] = NODE
  const quoter = spawn(node, [...flags, join(import.meta.dirname, 'quoter.ts'), url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(quoter.stdout, 'data')
  return async () => {
    quoter.kill('SIGKILL')
    await once(quoter, 'exit')
    busybox('rmmod', 'made_up_tee')
  }
}

/** Loads it, and says why it cannot be where that is so. */
export function busybox(...args: readonly string[]): string {
  return execFileSync('/run/busybox', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}
