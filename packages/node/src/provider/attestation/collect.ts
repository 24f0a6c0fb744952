import { Attestation } from '@jejunetwork/sdk'
import type { Address, PublicClient } from 'viem'
import type { Log } from '../../log.ts'
import { collectGpus } from './gpus.ts'
import { readReport, requireTee } from './tsm.ts'

/** What evidence is bound to, but for the block. */
export type Ground = {
  chainId: number
  registry: Address
  agentId: bigint
  provider: Address
  /** As in `known_hosts`. */
  sshHostKey: string
  /** keccak256 of the TLS key's SubjectPublicKeyInfo; zero where the node has none. */
  tlsSpkiHash: `0x${string}`
}

export type Shown = Attestation.Evidence.Shown

/** A block so old is not reorganised away before the evidence is on chain. */
const SETTLED = 2n

/** Has the machine's TEE and GPUs sign who this node is, at a block of now. Fails with `NoTeeError` without a TEE. */
export async function collect(ground: Ground, options: collect.Options): Promise<Shown> {
  const { client, log, nvattest, signal, tsm } = options
  await requireTee(tsm)
  const head = await client.getBlockNumber({ cacheTime: 0 })
  const { hash, number } = await client.getBlock({ blockNumber: head > SETTLED ? head - SETTLED : 0n })
  const bound = {
    agentId: ground.agentId,
    blockHash: hash,
    blockNumber: number,
    chainId: BigInt(ground.chainId),
    provider: ground.provider,
    registry: ground.registry,
    sshHostKeyHash: Attestation.Binding.sshHostKeyHash(ground.sshHostKey),
    tlsSpkiHash: ground.tlsSpkiHash,
  }
  const gpus = await collectGpus(Attestation.Binding.gpuNonce(bound), { log, path: nvattest, signal })
  const gpuEvidenceHash = Attestation.Binding.gpuEvidenceHash(gpus.map(({ report }) => report))
  const binding = { ...bound, gpuEvidenceHash }
  const { certificates, report, tee } = await readReport(tsm, Attestation.Binding.reportData(binding))
  return { binding, gpus, report, tee, ...(certificates.length > 0 ? { certificates } : {}) }
}

export declare namespace collect {
  type Options = { client: PublicClient; log: Log; nvattest: string; signal: AbortSignal; tsm: string }
}

/** Whether evidence is of this node as it is now, apart from its age. */
export function isOf({ binding }: Shown, ground: Ground): boolean {
  return (
    binding.chainId === BigInt(ground.chainId) &&
    binding.registry.toLowerCase() === ground.registry.toLowerCase() &&
    binding.agentId === ground.agentId &&
    binding.provider.toLowerCase() === ground.provider.toLowerCase() &&
    binding.sshHostKeyHash === Attestation.Binding.sshHostKeyHash(ground.sshHostKey) &&
    binding.tlsSpkiHash === ground.tlsSpkiHash
  )
}
