import { eth } from '../../money.ts'
import type { Provider } from '../../provider/provider.ts'
import { type Config, LOCAL_RPC_URL } from '../config.ts'
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
  // Other command lines look for the usual port unless they are told.
  const { rpcUrl } = chain.anvil
  const command = rpcUrl === LOCAL_RPC_URL ? './jeju-compute' : `JEJU_RPC_URL=${rpcUrl} ./jeju-compute`
  return `
${bold('Your market is open.')} Ctrl-C closes it.

${indent(what)}

Try, in another terminal:

  ${bold('Rent this machine')}
    ${command} rent ${provider.providerId} --hours 1
    ${command} ssh 1

  ${bold('Talk to its model')}, from any OpenAI client
    ${command} chat "Once upon a time"

  ${bold('Look at the money')}
    ${command} ledger balance
    ${command} provider status
`
}

const bold = (text: string) => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : text)
const indent = (text: string) => text.replace(/^/gm, '  ')
