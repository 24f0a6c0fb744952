import { AttesterQuorumsAbi } from '@jejunetwork/contracts'
import { Attestation, AttestationRegistryAbi, ComputeStakingAbi, verifyProvider } from '@jejunetwork/sdk'
import { concatHex, type HDAccount, type Hex, keccak256, type PublicClient, parseEther, toHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Provider } from '../../packages/node/src/provider/provider.ts'
import { until } from '../jejuCompute.ts'
import { type Amd, amd } from './Amd.ts'
import { levelOf, type Stage, startStage } from './Stage.ts'

const ATTESTERS = [6, 7]
const DAY = 86_400n

let stage: Stage
let machine: Amd
let node: Provider
let quorumId: bigint

beforeAll(async () => {
  stage = await startStage({
    snp: (at) => {
      machine = amd({ at })
      return machine
    },
  })
  node = await stage.startNode()
  quorumId = await createQuorum()
  await until('a report', async () => (await evidence('')).tee === 'sev-snp')
})

afterAll(async () => {
  await node?.close()
  await stage?.close()
})

test('a SEV-SNP machine shows its report and is claimed, until a quorum spoke', async () => {
  expect((await levelOf(stage, node)).level).toBe(0)
  const { checks, verified } = await verify()
  expect(verified).toBe(false)
  expect(checks[0]).toMatchObject({ name: 'level', ok: false })
})

test('TEE-24: with a quorum’s verdict it has level 1, and its report verifies up to AMD’s key', async () => {
  await attestByQuorum()
  expect((await levelOf(stage, node)).level).toBe(1)
  const { checks, verified } = await verify({ quorums: [quorumId] })
  expect(checks.filter(({ ok }) => !ok)).toEqual([])
  expect(verified).toBe(true)
  expect(checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'quorum',
      'report',
      'workload',
      'chip',
      'report data',
      'binding',
      'SSH host key',
    ]),
  )
})

test('another quorum than those trusted, or another root key, is not taken', async () => {
  const failed = async (options: object) => {
    const { checks } = await verify(options)
    return checks.filter(({ ok }) => !ok).map(({ name }) => name)
  }
  expect(await failed({ quorums: [1n] })).toEqual(['quorum'])
  expect(await failed({ amdRoots: undefined })).toEqual(["report, VEK chain's root key (SHA-256)"])
})

test('what a verdict names stays shown, and the next is ready before it ends', async () => {
  const named = await shown()
  await stage.pass(6n * DAY)
  const next = await until('the next report', async () => {
    const other = await evidence('/next')
    return other.tee !== 'none' && other.binding.blockNumber !== named.binding.blockNumber && other
  })
  expect(await shown()).toEqual(named)
  await attestByQuorum('/next')
  await until(
    'the next is shown',
    async () => (await shown()).binding.blockNumber === next.binding.blockNumber,
  )
  expect((await verify()).verified).toBe(true)
})

async function createQuorum(): Promise<bigint> {
  const { client, deployment } = stage.market
  for (const index of ATTESTERS) {
    const staking = { abi: ComputeStakingAbi, address: deployment.computeStaking } as const
    await mined(
      stage.market
        .walletOf(index)
        .writeContract({ ...staking, functionName: 'stake', value: parseEther('1') }),
    )
    await mined(stage.market.walletOf(index).writeContract({ ...staking, functionName: 'becomeAttester' }))
  }
  const members = attesters().map(({ address }) => address)
  const call = { abi: AttesterQuorumsAbi, address: deployment.attesterQuorums, args: [members, 2] } as const
  const { result } = await client.simulateContract({ ...call, functionName: 'createQuorum' })
  await mined(stage.market.walletOf(0).writeContract({ ...call, functionName: 'createQuorum' }))
  return result
}

/** What attesters and the operator do: verify what the node shows, sign, and bring the verdict on chain. */
async function attestByQuorum(path = ''): Promise<void> {
  const { client, deployment, walletOf } = stage.market
  const found = await evidence(path)
  if (found.tee === 'none') throw new Error(found.reason)
  const { chain, vek } = Attestation.Snp.certificatesIn(found.certificates ?? new Uint8Array())
  const { timestamp: at } = await client.getBlock()
  const judged = await Attestation.Snp.verify(found.report, { at, chain, roots: machine.roots, vek })
  if (!judged.ok) throw new Error(judged.refusal.message)
  const published = toHex('the evidence')
  const verdict = {
    devices: [keccak256(found.report.subarray(416, 480))],
    evidence: 0,
    evidenceHash: keccak256(published),
    expiry: Number(at + 7n * DAY - 1n),
    issuedAt: Number(at),
    provider: node.address,
    providerId: node.providerId,
    quorumId,
    reportData: toHex(judged.claims.reportData.subarray(0, 32)),
    workload: judged.claims.workloadId,
  }
  const registry = { abi: AttestationRegistryAbi, address: deployment.attestationRegistry } as const
  const digest = await client.readContract({ ...registry, args: [verdict], functionName: 'verdictHash' })
  const signatures = await Promise.all(attesters().map((attester) => attester.sign({ hash: digest })))
  const args = [verdict, found.binding, concatHex(signatures), published] as const
  await mined(walletOf(1).writeContract({ ...registry, args, functionName: 'attestByQuorum' }))
}

/** In the order in which they sign. */
function attesters(): HDAccount[] {
  const { accounts } = stage.market
  return accounts
    .filter((_, index) => ATTESTERS.includes(index))
    .sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1))
}

async function mined(sent: Promise<Hex>): Promise<void> {
  const { status } = await stage.market.client.waitForTransactionReceipt({ hash: await sent })
  expect(status).toBe('success')
}

async function evidence(path: string): Promise<Attestation.Evidence.Evidence> {
  return Attestation.Evidence.fromJson(await (await fetch(`${node.httpUrl}/v1/attestation${path}`)).text())
}

async function shown() {
  const found = await evidence('')
  if (found.tee === 'none') throw new Error(found.reason)
  return found
}

function verify(options: object = {}) {
  const { client, deployment } = stage.market
  const { providerId } = node
  const all = { deployment, providerId, amdRoots: machine.roots, sshHostKey: node.hostKey, ...options }
  return verifyProvider(client as PublicClient, all)
}
