import { createInterface } from 'node:readline'
import { ComputeError } from '@jejunetwork/sdk'
import { foundry } from './foundry.ts'
import { tether } from './tether.ts'

/** A running anvil. */
export type Anvil = {
  pid: number
  rpcUrl: string
  exited: Promise<number | string>
  /** Ends it; with `--state` among its arguments the chain is on disk afterwards. */
  close(): Promise<void>
}

/** Starts anvil on 127.0.0.1 and resolves once it answers there. Port 0 is any free port. */
export async function startAnvil(options: startAnvil.Options): Promise<Anvil> {
  const command = [
    foundry('anvil'),
    '--host',
    '127.0.0.1',
    '--port',
    String(options.port),
    ...(options.args ?? []),
  ]
  const { pid, stdout, stderr, exited, close } = await tether(command)

  let said = ''
  const heard = (line: string) => {
    said = `${said}${line}\n`.slice(-2_000)
  }
  createInterface(stderr).on('line', heard)
  const lines = createInterface(stdout)
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  lines.on('line', (line) => {
    heard(line)
    const address = /^Listening on (.+)$/.exec(line)?.[1]
    if (address) resolve(`http://${address}`)
  })
  exited.then((how) => reject(new AnvilExitedError({ how, said })))

  return { pid, rpcUrl: await promise, exited, close }
}

export declare namespace startAnvil {
  type Options = { port: number; args?: readonly string[] }
}

/** Anvil ended before it answered. */
export class AnvilExitedError extends ComputeError {
  override readonly name = 'AnvilExitedError'
  readonly said: string

  constructor({ how, said }: { how: number | string; said: string }) {
    super(
      `The local chain (anvil) ended with ${how}: ${said.trim().split('\n').at(-1) || 'it said nothing'}.`,
    )
    this.said = said
  }
}
