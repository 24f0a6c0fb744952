import { AgentRegistration } from '@jejunetwork/sdk'
import type { Address } from 'viem'
import type { Desk } from '../Desk.ts'
import { ask, EndpointError } from './ask.ts'

/** How long an agent's word on where it is called is believed before it is read again. */
const FRESH_MS = 60_000
/** Agents whose word is kept at once. */
const MOST = 1_000

export type FindEndpoint = (agent: Address, options: { signal: AbortSignal }) => Promise<URL>

/** Finds where an agent is called: in its registration file of ERC-8004, on chain or at the URL that is on chain. */
export function createFindEndpoint(desk: Desk, { loopback }: { loopback: boolean }): FindEndpoint {
  const known = new Map<Address, { endpoint: URL; until: number }>()
  return async (agent, { signal }) => {
    const before = known.get(agent)
    if (before !== undefined && before.until > Date.now()) return before.endpoint
    const endpoint = await look(desk, { agent, loopback, signal })
    if (known.size >= MOST) known.clear()
    known.set(agent, { endpoint, until: Date.now() + FRESH_MS })
    return endpoint
  }
}

type Look = { agent: Address; loopback: boolean; signal: AbortSignal }

async function look({ client, deployment }: Desk, { agent, loopback, signal }: Look): Promise<URL> {
  const { blockNumber, identityRegistry } = deployment
  const found = await AgentRegistration.find(client, {
    agent,
    fromBlock: BigInt(blockNumber),
    identityRegistry,
  })
  if (found === undefined)
    throw new EndpointError(`Agent ${agent} has no registration of ERC-8004 on this chain.`)
  const file = AgentRegistration.fileIn(found.uri) ?? (await fetchFile(found.uri, { loopback, signal }))
  return new URL(AgentRegistration.endpointIn(file))
}

async function fetchFile(uri: string, options: Pick<Look, 'loopback' | 'signal'>): Promise<string> {
  const url = URL.parse(uri)
  if (url === null) throw new EndpointError("The URI of the agent's registration file is not a URL.")
  const { status, text } = await ask(url, options)
  if (status === 200) return text
  throw new EndpointError(`The agent's registration file is not there: HTTP ${status}.`)
}
