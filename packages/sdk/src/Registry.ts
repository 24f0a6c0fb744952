import { type Address, type Client, type Hash, zeroAddress } from 'viem'
import { readContract } from 'viem/actions'
import { ComputeRegistryAbi as abi, type Deployment, IdentityRegistryAbi } from './Deployment.ts'
import { revertOf } from './Errors.ts'
import { eventIn } from './eventIn.ts'
import { urlUnder } from './urlUnder.ts'
import { send, type Wallet, write } from './write.ts'

/** Who offers machines and models. `gpuCount` and `gpuModel` are the provider's own claim. */
export type Provider = {
  providerId: bigint
  owner: Address
  endpoint: string
  hardwareAttestation: string
  gpuCount: bigint
  gpuModel: string
  pricePerHour: bigint
  active: boolean
}

/** The provider with this id; one that unregistered is shown inactive. */
export async function get(client: Client, options: get.Options): Promise<Provider> {
  const { deployment, providerId } = options
  const provider = await readContract(client, {
    ...at(deployment),
    args: [providerId],
    functionName: 'getProvider',
  })
  return { ...provider, providerId }
}

export declare namespace get {
  type Options = { deployment: Deployment; providerId: bigint }
}

/** The id of the provider that an address has now; undefined if none. */
export async function idOf(client: Client, options: idOf.Options): Promise<bigint | undefined> {
  const { deployment, owner } = options
  const providerId = await readContract(client, {
    ...at(deployment),
    args: [owner],
    functionName: 'providerIdOf',
  })
  return providerId === 0n ? undefined : providerId
}

export declare namespace idOf {
  type Options = { deployment: Deployment; owner: Address }
}

/** One page of the registered providers, oldest first. `nextCursor` is undefined at the end. */
export async function list(client: Client, options: list.Options): Promise<list.Page> {
  const { cursor = 0n, deployment, limit = 100n } = options
  const [ids, next] = await readContract(client, {
    ...at(deployment),
    args: [cursor, limit],
    functionName: 'listProviders',
  })
  const providers = await Promise.all(ids.map((providerId) => get(client, { deployment, providerId })))
  return { nextCursor: next === 0n ? undefined : next, providers }
}

export declare namespace list {
  type Options = { deployment: Deployment; cursor?: bigint | undefined; limit?: bigint }
  type Page = { providers: Provider[]; nextCursor: bigint | undefined }
}

/** Registers the wallet as a provider; `stake` wei go along. */
export async function register(wallet: Wallet, options: register.Options): Promise<register.Result> {
  const { deployment, endpoint, hardwareAttestation, pricePerHour, stake } = options
  const receipt = await write(wallet, {
    ...at(deployment),
    args: [endpoint, hardwareAttestation, pricePerHour],
    functionName: 'register',
    value: stake,
  })
  const { providerId } = eventIn(receipt, { ...at(deployment), eventName: 'ProviderRegistered' })
  return { hash: receipt.transactionHash, providerId }
}

export declare namespace register {
  type Options = {
    deployment: Deployment
    endpoint: string
    hardwareAttestation: string
    pricePerHour: bigint
    stake: bigint
  }
  type Result = { hash: Hash; providerId: bigint }
}

/** Opens or closes the wallet's provider for new sessions. */
export async function setActive(wallet: Wallet, options: change.Options<boolean>): Promise<change.Result> {
  return change(wallet, { ...options, functionName: 'setActive' })
}

/** Sets what new sessions cost an hour, in wei; those that run keep their price. */
export async function setPrice(wallet: Wallet, options: change.Options<bigint>): Promise<change.Result> {
  return change(wallet, { ...options, functionName: 'updatePricing' })
}

/** Moves the wallet's provider to another URL. Its agent's file moves too where the agent says that it is there. */
export async function setEndpoint(wallet: Wallet, options: change.Options<string>): Promise<change.Result> {
  const { deployment, value } = options
  const providerId = await idOf(wallet, { deployment, owner: wallet.account.address })
  const uri =
    providerId === undefined
      ? undefined
      : await movedFile(wallet, { deployment, endpoint: value, providerId })
  // In this order a failure in between heals when it is tried again.
  if (uri !== undefined)
    await write(wallet, {
      abi: IdentityRegistryAbi,
      address: deployment.identityRegistry,
      args: [uri.agentId, uri.next],
      functionName: 'setAgentURI',
    })
  return change(wallet, { ...options, functionName: 'setEndpoint' })
}

/** Replaces what the wallet's provider claims about its hardware. */
export async function setHardware(wallet: Wallet, options: change.Options<string>): Promise<change.Result> {
  return change(wallet, { ...options, functionName: 'setHardware' })
}

/** Names a hot key that activates, declines and signs for the wallet's provider, and moves none of its money; the zero address for none. */
export async function setOperator(wallet: Wallet, options: change.Options<Address>): Promise<change.Result> {
  return change(wallet, { ...options, functionName: 'setOperator' })
}

/** Takes the wallet's provider off the market for good; its stake may leave then. */
export async function unregister(
  wallet: Wallet,
  options: { deployment: Deployment },
): Promise<change.Result> {
  return change(wallet, { ...options, functionName: 'unregister' })
}

async function change(wallet: Wallet, options: change.Call): Promise<change.Result> {
  const { deployment, functionName, value } = options
  const args = value === undefined ? [] : [value]
  return send(wallet, { ...at(deployment), args, functionName })
}

declare namespace change {
  type Options<T> = { deployment: Deployment; value: T }
  type Call = { deployment: Deployment; functionName: string; value?: unknown }
  type Result = { hash: Hash }
}

/** Where a provider's node serves its agent's registration file (ERC-8004). */
export function agentFile(endpoint: string): string {
  return urlUnder(endpoint, '/.well-known/agent-registration.json')
}

/** The id of the agent (ERC-8004) that a provider is linked to; undefined without a link. Warning: it may have been sold since. */
export async function agentIdOf(client: Client, options: get.Options): Promise<bigint | undefined> {
  const { deployment, providerId } = options
  const [linked, agentId] = await readContract(client, {
    ...at(deployment),
    args: [providerId],
    functionName: 'agentOf',
  })
  return linked ? agentId : undefined
}

/** The agent (ERC-8004) that a provider is linked to, and whose that is now: zero where nobody's. Undefined without a link. */
export async function agentOf(
  client: Client,
  { deployment, providerId }: get.Options,
): Promise<{ agentId: bigint; owner: Address } | undefined> {
  const agentId = await agentIdOf(client, { deployment, providerId })
  if (agentId === undefined) return undefined
  try {
    const owner = await readContract(client, {
      abi: IdentityRegistryAbi,
      address: deployment.identityRegistry,
      args: [agentId],
      functionName: 'ownerOf',
    })
    return { agentId, owner }
  } catch (error) {
    if (revertOf(error, { functionName: 'ownerOf' }) === undefined) throw error
    return { agentId, owner: zeroAddress }
  }
}

/** The agent whose file moves with the provider to another endpoint; undefined if none does. */
export async function movedFile(
  client: Client,
  options: movedFile.Options,
): Promise<{ agentId: bigint; next: string } | undefined> {
  const { deployment, endpoint, providerId } = options
  const { endpoint: before } = await get(client, { deployment, providerId })
  const agentId = await agentIdOf(client, { deployment, providerId })
  if (agentId === undefined) return undefined
  const uri = await readContract(client, {
    abi: IdentityRegistryAbi,
    address: deployment.identityRegistry,
    args: [agentId],
    functionName: 'tokenURI',
  })
  return uri === agentFile(before) ? { agentId, next: agentFile(endpoint) } : undefined
}

export declare namespace movedFile {
  type Options = { deployment: Deployment; providerId: bigint; endpoint: string }
}

function at({ computeRegistry }: Deployment) {
  return { abi, address: computeRegistry } as const
}
