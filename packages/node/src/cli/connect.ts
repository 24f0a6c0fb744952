import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { contractNames, type Deployment, deploymentOn, isUnreachable } from '@jejunetwork/sdk'
import { type Chain, createPublicClient, defineChain, http, type PublicClient, type Transport } from 'viem'
import { foundry } from 'viem/chains'
import { isLocalChain } from '../isLocalChain.ts'
import { type Config, LOCAL_RPC_URL } from './config.ts'
import { TryLaterError, UsageError } from './errors.ts'

/** A chain that answers and has the contracts. */
export type Market = {
  client: PublicClient<Transport, Chain>
  deployment: Deployment
  /** A development chain: its keys are public and its money is play. */
  isLocal: boolean
}

/** Connects to the configured chain and makes sure that the contracts are there. */
export async function connect(config: Config): Promise<Market> {
  const { rpcUrl } = config
  const chainId = await ask(config, () => createPublicClient({ transport: http(rpcUrl) }).getChainId())
  const chain = chainOf(chainId, rpcUrl)
  const client = createPublicClient({
    chain,
    transport: http(rpcUrl),
    pollingInterval: chain === foundry ? 200 : 2_000,
  })
  const deployment = findDeployment(config, chainId)

  const code = await ask(config, () => client.getCode({ address: deployment.computeRegistry }))
  if (code === undefined || code === '0x')
    throw new UsageError(
      `Chain ${chainId} at ${rpcUrl} has no contracts at ${deployment.computeRegistry}; start the local market with \`npm start\`, or set JEJU_RPC_URL and JEJU_DEPLOYMENT.`,
    )
  return { client, deployment, isLocal: isLocalChain(chainId) }
}

function chainOf(id: number, rpcUrl: string): Chain {
  if (id === foundry.id) return foundry
  const nativeCurrency = { name: 'Ether', symbol: 'ETH', decimals: 18 }
  return defineChain({ id, name: `chain ${id}`, nativeCurrency, rpcUrls: { default: { http: [rpcUrl] } } })
}

async function ask<T>({ checkout, rpcUrl }: Config, question: () => Promise<T>): Promise<T> {
  try {
    return await question()
  } catch (cause) {
    if (!isUnreachable(cause)) throw cause
    // The local market runs from the repository alone.
    const start = checkout
      ? 'start the local market with `npm start`, or set'
      : 'name another one by --rpc or'
    const help = rpcUrl === LOCAL_RPC_URL ? start : 'check --rpc or'
    throw new TryLaterError(`No chain answers at ${rpcUrl}; ${help} JEJU_RPC_URL.`, { cause })
  }
}

/** The file that the environment names, else the local market's, else the one that the SDK knows. */
function findDeployment(config: Config, chainId: number): Deployment {
  const { checkout, deploymentFile, home, rpcUrl } = config
  if (deploymentFile) return readDeployment(deploymentFile, chainId)
  if (chainId !== foundry.id) return known(chainId, rpcUrl)

  const files = [join(home, 'deployment.json')]
  if (checkout) files.push(join(checkout, `packages/contracts/deployments/${chainId}.json`))
  const file = files.find((candidate) => existsSync(candidate))
  if (file) return readDeployment(file, chainId)
  throw new UsageError(
    'Nobody deployed the contracts on this local chain; run `npm start`, or set JEJU_DEPLOYMENT to a file with their addresses.',
  )
}

function known(chainId: number, rpcUrl: string): Deployment {
  try {
    return deploymentOn(chainId)
  } catch (cause) {
    throw new UsageError(
      `No contracts are known on chain ${chainId} at ${rpcUrl}; set JEJU_RPC_URL to another chain, or JEJU_DEPLOYMENT to a file with their addresses.`,
      { cause },
    )
  }
}

function readDeployment(file: string, chainId: number): Deployment {
  let deployment: Deployment
  try {
    deployment = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new UsageError(`${file} does not hold the contracts' addresses as JSON.`, { cause })
  }
  if (typeof deployment?.chainId !== 'number')
    throw new UsageError(`${file} does not hold the contracts' addresses: it names no chain.`)
  const missing = contractNames.find((name) => deployment[name] === undefined)
  if (deployment.chainId === chainId && missing !== undefined)
    throw new UsageError(
      `${file} is of another version: it has no ${missing}. Set JEJU_DEPLOYMENT to one of this version, or begin the local market anew with \`npm start -- --reset\`.`,
    )
  if (deployment.chainId === chainId) return deployment
  throw new UsageError(
    `${file} is for chain ${deployment.chainId}, and the chain that answers is ${chainId}; set JEJU_RPC_URL to the other one.`,
  )
}
