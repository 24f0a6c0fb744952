import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Deployment } from '@jejunetwork/contracts'
import { type Abi, type Address, bytesToHex, type Hex, zeroAddress } from 'viem'
import { type Chain, startChain } from '../chain.ts'
import { point } from './Authority.ts'
import type { Intel } from './Intel.ts'

/** A chain with the contracts that keep attestations, pinned to the root of a platform of ours: the same bytecode. */
type Market = Chain & { deployment: Deployment; intel: Intel }

export async function startMarket(of: (now: bigint) => Intel): Promise<Market> {
  const chain = await startChain()
  const { timestamp } = await chain.client.getBlock()
  const intel = of(timestamp)
  const key = point(intel.root.key)
  const pccs = await deploy(chain, 'Pccs', [bytesToHex(key.subarray(0, 32)), bytesToHex(key.subarray(32))])
  const attestationRegistry = await deploy(chain, 'AttestationRegistry', [
    pccs,
    chain.deployment.computeRegistry,
    chain.deployment.attesterQuorums,
    zeroAddress,
    chain.deployment.computeStaking,
    zeroAddress,
  ])
  return { ...chain, deployment: { ...chain.deployment, attestationRegistry, pccs }, intel }
}

/** Deploys a contract as it was compiled. */
export async function deploy(chain: Chain, name: string, args: readonly unknown[]): Promise<Address> {
  const path = join(import.meta.dirname, `../../packages/contracts/out/${name}.sol/${name}.json`)
  const { abi, bytecode } = JSON.parse(readFileSync(path, 'utf8')) as { abi: Abi; bytecode: { object: Hex } }
  const hash = await chain.walletOf(0).deployContract({ abi, args, bytecode: bytecode.object })
  const { contractAddress } = await chain.client.waitForTransactionReceipt({ hash })
  if (!contractAddress) throw new Error(`${name} was not deployed.`)
  return contractAddress
}
