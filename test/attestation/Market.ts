import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Deployment } from '@jejunetwork/contracts'
import { type Abi, type Address, bytesToHex, createTestClient, type Hex, http, zeroAddress } from 'viem'
import { type Chain, startChain } from '../chain.ts'
import type { Amd } from './Amd.ts'
import { point } from './Authority.ts'
import type { Intel } from './Intel.ts'

/** A chain with the contracts that keep attestations, pinned to the root of a platform of ours: the same bytecode. */
type Market = Chain & {
  /** With the vendors' own roots. */
  deployed: Deployment
  deployment: Deployment
  intel: Intel
}

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
  const { deployment: deployed } = chain
  return { ...chain, deployed, deployment: { ...deployed, attestationRegistry, pccs }, intel }
}

/** Has the chain's judge of SEV-SNP machines trust this machine's root in the place of AMD's: the same bytecode. */
export async function trustRootOf(chain: Chain, of: Amd): Promise<void> {
  const modulus = bytesToHex(of.root.key.spki.subarray(33, 545))
  const ours = await deploy(chain, 'SnpJudge', [[modulus, modulus, modulus]])
  const bytecode = await chain.client.getCode({ address: ours })
  const test = createTestClient({ mode: 'anvil', transport: http(chain.rpcUrl) })
  await test.setCode({ address: chain.deployment.snpJudge, bytecode: bytecode ?? '0x' })
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
