import {
  ComputeRegistryAbi as abi,
  type Deployment,
  eventIn,
  IdentityRegistryAbi,
  Registry,
  Staking,
} from '@jejunetwork/sdk'
import type { PublicClient } from 'viem'
import type { Log } from '../log.ts'
import { eth } from '../money.ts'
import type { Sender } from '../send.ts'

/** Brings the registry in line with this node: adopts the account's registration, or makes one. Returns its id. */
export async function ensureRegistered(options: ensureRegistered.Options): Promise<bigint> {
  const { client, deployment, sender } = options
  const providerId = await Registry.idOf(client, { deployment, owner: sender.address })
  if (providerId === undefined) return register(options)
  await update(options, providerId)
  return providerId
}

export declare namespace ensureRegistered {
  type Options = {
    client: PublicClient
    deployment: Deployment
    endpoint: string
    /** Canonical JSON. */
    hardware: string
    log: Log
    pricePerHour: bigint
    sender: Sender
    /** What the provider's stake should be; what is staked and free already counts. */
    stake: bigint
  }
}

async function register(options: ensureRegistered.Options): Promise<bigint> {
  const { client, deployment, endpoint, hardware, log, pricePerHour, sender, stake } = options
  const missing = await Staking.missing(client, { account: sender.address, deployment, needed: stake })
  const receipt = await sender.write({
    abi,
    address: deployment.computeRegistry,
    args: [endpoint, hardware, pricePerHour],
    functionName: 'register',
    value: missing,
  })
  const { providerId } = eventIn(receipt, {
    abi,
    address: deployment.computeRegistry,
    eventName: 'ProviderRegistered',
  })
  log.info('provider registered', { pricePerHour: eth(pricePerHour), providerId, stake: eth(stake) })
  return providerId
}

async function update(options: ensureRegistered.Options, providerId: bigint): Promise<void> {
  const { client, deployment, endpoint, hardware, log, pricePerHour, sender } = options
  const now = await Registry.get(client, { deployment, providerId })
  const set = async (functionName: string, value: string | bigint) => {
    await sender.write({ abi, address: deployment.computeRegistry, args: [value], functionName })
    log.info('registration changed', { call: functionName, providerId })
  }
  if (now.endpoint !== endpoint) {
    const agent = await Registry.movedFile(client, { deployment, endpoint, providerId })
    // In this order a crash in between heals: the file is where it should be, and the endpoint still differs.
    if (agent) await moveFile(options, agent)
    await set('setEndpoint', endpoint)
  }
  if (now.hardwareAttestation !== hardware) await set('setHardware', hardware)
  if (now.pricePerHour !== pricePerHour) await set('updatePricing', pricePerHour)
  // The operator may have closed it on purpose: only say so.
  if (!now.active) log.warn('the provider is set inactive and gets no new sessions', { providerId })
}

async function moveFile(
  { deployment, log, sender }: ensureRegistered.Options,
  { agentId, next }: { agentId: bigint; next: string },
): Promise<void> {
  await sender.write({
    abi: IdentityRegistryAbi,
    address: deployment.identityRegistry,
    args: [agentId, next],
    functionName: 'setAgentURI',
  })
  log.info('the file of the agent moved', { agentId, uri: next })
}
