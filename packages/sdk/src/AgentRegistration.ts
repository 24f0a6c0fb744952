import { type Address, type Client, type Hash, isAddressEqual, parseAbi } from 'viem'
import { readContract } from 'viem/actions'
import { ComputeError } from './Errors.ts'
import { pagesOfLogs } from './pagesOfLogs.ts'
import { send, type Wallet } from './write.ts'

/** What of ERC-8004's Identity Registry an agent's endpoint needs. */
const abi = parseAbi([
  'event Registered(uint256 indexed agentId, string agentURI, address indexed owner)',
  'function register(string agentURI) returns (uint256 agentId)',
  'function setAgentURI(uint256 agentId, string newURI)',
  'function ownerOf(uint256 agentId) view returns (address)',
  'function tokenURI(uint256 agentId) view returns (string)',
])
const [REGISTERED] = abi

/** The service in a registration file that is called when a trigger without a call ran. */
export const SERVICE = 'jeju-trigger'

type At = {
  identityRegistry: Address
  /** From which block on to look. */
  fromBlock: bigint
  agent: Address
}

/** The id and the registration file's URI of the newest agent of ERC-8004 that an account registered and still owns. */
export async function find(client: Client, options: At): Promise<find.Result | undefined> {
  const { agent, fromBlock, identityRegistry: address } = options
  const pages = pagesOfLogs(client, { address, args: { owner: agent }, event: REGISTERED, fromBlock })
  for await (const logs of pages)
    for (const { args } of logs.toReversed()) {
      const contract = { abi, address, args: [args.agentId] } as const
      const owner = await readContract(client, { ...contract, functionName: 'ownerOf' }).catch(
        () => undefined,
      )
      if (owner === undefined || !isAddressEqual(owner, agent)) continue
      const uri = await readContract(client, { ...contract, functionName: 'tokenURI' })
      return { agentId: args.agentId, uri }
    }
  return undefined
}

export declare namespace find {
  type Result = { agentId: bigint; uri: string }
}

/** The endpoint that a registration file names for triggers. */
export function endpointIn(file: string): string {
  let services: unknown
  try {
    services = JSON.parse(file)?.services
  } catch (cause) {
    throw new RegistrationError("The agent's registration file is not JSON.", { cause })
  }
  const found = Array.isArray(services) ? services.find((service) => service?.name === SERVICE) : undefined
  if (typeof found?.endpoint === 'string' && URL.canParse(found.endpoint)) return found.endpoint
  throw new RegistrationError(
    `The agent's registration file names no service "${SERVICE}" with a URL as its endpoint.`,
  )
}

/** The file in a `data:` URI; undefined if it lies elsewhere. */
export function fileIn(uri: string): string | undefined {
  if (!uri.startsWith('data:')) return undefined
  const [, isBase64, data = ''] = /^data:[^,]*?(;base64)?,(.*)$/s.exec(uri) ?? []
  try {
    if (isBase64 === undefined) return decodeURIComponent(data)
    return new TextDecoder().decode(Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)))
  } catch (cause) {
    throw new RegistrationError("The data in the URI of the agent's registration file cannot be read.", {
      cause,
    })
  }
}

/**
 * Says where the wallet, as an agent, is called over HTTP, in a registration file that lies in its URI, on chain. An agent that
 * is registered already keeps the other services and facts of such a file.
 */
export async function announce(wallet: Wallet, options: announce.Options): Promise<announce.Result> {
  const { endpoint, fromBlock, identityRegistry: address } = options
  const known = await find(wallet, { agent: wallet.account.address, fromBlock, identityRegistry: address })
  const old = known === undefined ? '{}' : fileIn(known.uri)
  if (old === undefined)
    throw new RegistrationError(
      `The agent's registration file lies at ${known?.uri}: name the service "${SERVICE}" with the endpoint ${endpoint} there.`,
    )
  const uri = uriWith(old, endpoint)
  const call = { abi, address }
  if (known === undefined) return send(wallet, { ...call, args: [uri], functionName: 'register' })
  if (known.uri === uri) return { hash: undefined }
  return send(wallet, { ...call, args: [known.agentId, uri], functionName: 'setAgentURI' })
}

export declare namespace announce {
  type Options = Omit<At, 'agent'> & { endpoint: string }
  /** Without a hash nothing had to be said. */
  type Result = { hash: Hash | undefined }
}

/** A registration file that says nothing of use. */
export class RegistrationError extends ComputeError {
  override readonly name = 'RegistrationError'
}

function uriWith(file: string, endpoint: string): string {
  const old: unknown = JSON.parse(file)
  const facts = typeof old === 'object' && old !== null ? old : {}
  const services = 'services' in facts && Array.isArray(facts.services) ? facts.services : []
  const other = services.filter((service) => service?.name !== SERVICE)
  const content = {
    type: 'https://eips.ethereum.org/EIPS/eip-8004#registration-v1',
    name: 'An agent of Jeju Compute',
    description: 'Called when its triggers run.',
    active: true,
    ...facts,
    services: [...other, { endpoint, name: SERVICE }],
  }
  const bytes = new TextEncoder().encode(JSON.stringify(content))
  return `data:application/json;base64,${btoa(String.fromCharCode(...bytes))}`
}
