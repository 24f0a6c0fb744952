import { join } from 'node:path'
import type { Deployment } from '@jejunetwork/sdk'
import type { PublicClient } from 'viem'

/** Each chain has a file of its own; two that share an id are told apart by their first block. */
export async function storeFileOf(dataDir: string, options: storeFileOf.Options): Promise<string> {
  const { hash } = await options.client.getBlock({ blockNumber: 0n })
  return join(dataDir, `keeper-${options.deployment.chainId}-${hash.slice(2, 10)}.sqlite`)
}

export declare namespace storeFileOf {
  type Options = { client: PublicClient; deployment: Deployment }
}

/** The same in a database that keepers share. */
export async function schemaOf({ client, deployment }: storeFileOf.Options): Promise<string> {
  const { hash } = await client.getBlock({ blockNumber: 0n })
  return `keeper_${deployment.chainId}_${hash.slice(2, 10)}`
}
