import type { Provider } from '../../provider/provider.ts'
import type { Config } from '../config.ts'
import { eth } from '../input.ts'
import { facts } from '../output.ts'
import type { LocalChain } from './localChain.ts'

type Facts = {
  chain: LocalChain
  config: Config
  ports: { rpc: number; http: number; ssh: number }
  pricePerHour: bigint
  provider: Provider
}

/** What runs, and three things to try next, ready to paste. */
export function summary({ chain, config, ports, pricePerHour, provider }: Facts): string {
  const machines =
    provider.runtime === 'docker'
      ? 'containers of the Docker engine'
      : 'plain processes, since no Docker engine answers: no security boundary, this chain only'
  const what = facts({
    Chain: `${chain.anvil.rpcUrl} (31337)${chain.resumed ? ', resumed; `npm start -- --reset` starts afresh' : ''}`,
    Provider: `${provider.httpUrl}, id ${provider.providerId}, ${eth(pricePerHour)} an hour`,
    SSH: `127.0.0.1:${ports.ssh}`,
    Machines: machines,
    Model: 'jeju-demo-36m, embedded',
    Data: config.home,
  })
  return `
${bold('Your market is open.')} Ctrl-C closes it.

${indent(what)}

Try, in another terminal:

  ${bold('Rent this machine')}
    ./jeju-compute rent ${provider.providerId} --hours 1
    ./jeju-compute ssh 1

  ${bold('Talk to its model')}, from any OpenAI client
    ./jeju-compute chat "Once upon a time"

  ${bold('Look at the money')}
    ./jeju-compute ledger balance
    ./jeju-compute provider status
`
}

const bold = (text: string) => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : text)
const indent = (text: string) => text.replace(/^/gm, '  ')
