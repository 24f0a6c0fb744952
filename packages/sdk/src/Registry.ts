import { type Address, type Client, type Hash, parseEventLogs } from 'viem'
import { readContract } from 'viem/actions'
import { ComputeRegistryAbi as abi, type Deployment } from './Deployment.ts'
import { type Wallet, write } from './write.ts'

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
  const address = deployment.computeRegistry
  const provider = await readContract(client, {
    abi,
    address,
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
  const address = deployment.computeRegistry
  const providerId = await readContract(client, { abi, address, args: [owner], functionName: 'providerIdOf' })
  return providerId === 0n ? undefined : providerId
}

export declare namespace idOf {
  type Options = { deployment: Deployment; owner: Address }
}

/** One page of the registered providers, oldest first. `nextCursor` is undefined at the end. */
export async function list(client: Client, options: list.Options): Promise<list.Page> {
  const { cursor = 0n, deployment, limit = 100n } = options
  const address = deployment.computeRegistry
  const [ids, next] = await readContract(client, {
    abi,
    address,
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
    abi,
    address: deployment.computeRegistry,
    args: [endpoint, hardwareAttestation, pricePerHour],
    functionName: 'register',
    value: stake,
  })
  const [event] = parseEventLogs({ abi, eventName: 'ProviderRegistered', logs: receipt.logs })
  if (event === undefined) throw new Error('The registration left no event.')
  return { hash: receipt.transactionHash, providerId: event.args.providerId }
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
