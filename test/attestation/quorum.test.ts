import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AttestationRegistryAbi, ComputeRegistryAbi, ComputeStakingAbi } from '@jejunetwork/contracts'
import { Attestation, type Deployment } from '@jejunetwork/sdk'
import { type Address, bytesToHex, keccak256, parseEther } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountOf, type Chain, startChain } from '../chain.ts'
import { createHome, run } from '../jejuCompute.ts'
import { type Amd, amd, keyFiles, keysOf, snpReport } from './Amd.ts'
import { trustRootOf } from './Market.ts'
import { code } from './Vectors.ts'

const { Binding, QuorumVerdict, SnpEvidence, Verdicts } = Attestation

let chain: Chain
let deployment: Deployment
let machine: Amd
let quorumId: bigint
let providerId: bigint

beforeAll(async () => {
  chain = await startChain()
  const { timestamp } = await chain.client.getBlock()
  machine = amd({ at: timestamp, bits: 4096 })
  ;({ deployment } = chain)
  await trustRootOf(chain, machine)
  for (const index of [3, 4, 5]) {
    await Verdicts.become(chain.walletOf(index), { amount: parseEther('1'), deployment })
  }
  const members = [3, 4, 5].map((index) => accountOf(index).address)
  ;({ quorumId } = await Verdicts.createQuorum(chain.walletOf(3), { deployment, members, threshold: 2 }))
  providerId = await register()
})

afterAll(() => chain?.close())

test('TEE-24: two attesters verify a machine, sign, and the provider has a level that names their quorum', async () => {
  const machineNow = await shown()
  const judged = await judge(machineNow)
  if (!judged.ok) throw new Error(judged.refusal.message)
  const both = await signed(judged.claims, machineNow.binding)
  const { digest } = await Verdicts.put(chain.walletOf(1), { deployment, signed: both })
  const [level, tee, , , , named] = await read('attestation')
  expect([level, tee, named]).toEqual([1, 3, quorumId])

  const entry = await Verdicts.find(chain.client, { deployment, digest })
  expect(entry.signers.map((signer) => signer.toLowerCase()).sort()).toEqual(
    [accountOf(3).address, accountOf(4).address].map((signer) => signer.toLowerCase()).sort(),
  )
  expect(await Verdicts.faultOf(chain.client, { deployment, ...entry })).toBeUndefined()
  const refuted = Verdicts.refute(chain.walletOf(6), { deployment, digest })
  await expect(refuted).rejects.toBeInstanceOf(Attestation.Verdicts.VerdictStandsError)
})

test('TEE-26: a lie is found by recomputation, and all its signers lose their stake', async () => {
  const { binding, report } = await shown()
  const forged = new Uint8Array(report)
  forged[700] = (forged[700] ?? 0) ^ 1
  expect(code(await judge({ binding, report: forged }))).toBe('SNP_SIGNATURE')

  const truth = await judge({ binding, report })
  if (!truth.ok) throw new Error(truth.refusal.message)
  const evidence = bytesToHex(
    SnpEvidence.encode({
      authority: machine.authority.der,
      product: 'milan',
      report: forged,
      vek: machine.vek.der,
    }),
  )
  const verdict = { ...truth.claims.verdict, evidenceHash: keccak256(evidence) }
  const lie = await signed({ evidence, verdict }, binding)
  const { digest } = await Verdicts.put(chain.walletOf(1), { deployment, signed: lie })
  const { fault, signers } = await Verdicts.refute(chain.walletOf(6), { deployment, digest })
  expect([fault, signers.length]).toEqual(['signature', 2])
  expect((await read('attestation'))[0]).toBe(0)
  for (const signer of signers) expect(await stakeOf(signer)).toBe(0n)
  expect(await stakeOf(accountOf(5).address)).toBe(parseEther('1'))
})

test('TEE-24: attesters refuse what is bound to another, or open to debugging, by its check', async () => {
  const { binding, report } = await shown()
  const other = { ...binding, provider: accountOf(7).address }
  expect(code(await judge({ binding: other, report }))).toBe('BINDING_REPORT_DATA')
  const open = snpReport(machine, { policy: 0xb0000n, reportData: Binding.reportData(binding) })
  expect(code(await judge({ binding, report: open }))).toBe('SNP_DEBUG')
})

test('the command that signs refuses what does not verify, and names the check', async () => {
  const home = createHome({ deployment, rpcUrl: chain.rpcUrl })
  try {
    const { binding, report } = await shown()
    const evidence = { binding: { ...binding, agentId: 9n }, gpus: [], report, tee: 'sev-snp' } as const
    const [vcek = '', chainFile = '', crl = ''] = Object.values(keyFiles(machine))
    const files = { chain: chainFile, crl, evidence: Attestation.Evidence.toJson(evidence), vcek }
    for (const [name, content] of Object.entries(files)) writeFileSync(join(home.path, name), content)
    const machineOf = Object.keys(files).flatMap((name) => [`--${name}`, join(home.path, name)])
    const args = ['attester', 'sign', ...machineOf, '--provider', String(providerId)]
    const env = { ...home.env, JEJU_TEE_ROOT: `milan=${machine.roots.milan}` }
    const { code: exit, stderr } = await run([...args, '--quorum', `0x${quorumId.toString(16)}`], env)
    expect(stderr).toContain('Refused by BINDING_REPORT_DATA')
    expect(exit).toBe(1)
  } finally {
    home.remove()
  }
})

test('a signed verdict reads as it was written', async () => {
  const machineNow = await shown()
  const judged = await judge(machineNow)
  if (!judged.ok) throw new Error(judged.refusal.message)
  const [first] = await signed(judged.claims, machineNow.binding)
  if (!first) throw new Error('Nobody signed.')
  expect(QuorumVerdict.fromJson(QuorumVerdict.toJson(first))).toEqual({
    ...first,
    binding: {
      ...first.binding,
      provider: first.binding.provider.toLowerCase(),
      registry: first.binding.registry.toLowerCase(),
    },
    signer: first.signer.toLowerCase(),
    verdict: { ...first.verdict, provider: first.verdict.provider.toLowerCase() },
  })
})

type Shown = { binding: Attestation.Binding.Binding; report: Uint8Array }

/** What the machine shows now. */
async function shown(): Promise<Shown> {
  const { hash, number } = await chain.client.getBlock()
  const binding = {
    agentId: await agentId(),
    blockHash: hash,
    blockNumber: number,
    chainId: 31_337n,
    gpuEvidenceHash: Binding.NO_GPU,
    provider: accountOf(1).address,
    registry: deployment.attestationRegistry,
    sshHostKeyHash: keccak256('0x01'),
    tlsSpkiHash: keccak256('0x02'),
  }
  // The registry takes earlier blocks only.
  await chain.warp(2)
  return { binding, report: snpReport(machine, { reportData: Binding.reportData(binding) }) }
}

async function judge({ binding, report }: Shown): ReturnType<typeof QuorumVerdict.ofSnp> {
  const { number, timestamp } = await chain.client.getBlock()
  const expected = {
    agentId: await agentId(),
    chainId: 31_337n,
    provider: accountOf(1).address,
    registry: deployment.attestationRegistry,
  }
  const { at: _, ...keys } = keysOf(machine)
  const head = { hashAt: binding.blockHash, number }
  return QuorumVerdict.ofSnp(report, {
    ...keys,
    at: timestamp,
    binding,
    expected,
    head,
    providerId,
    quorumId,
  })
}

/** The verdict as the third and fourth account sign it. */
async function signed(
  judged: Attestation.QuorumVerdict.ofSnp.Judged,
  binding: Attestation.Binding.Binding,
): Promise<Attestation.QuorumVerdict.Signed[]> {
  const domain = { chainId: 31_337, registry: deployment.attestationRegistry }
  return Promise.all(
    [4, 3].map(async (index) => {
      const account = accountOf(index)
      const signature = await QuorumVerdict.sign(judged.verdict, { ...domain, account })
      return { ...judged, binding, signature, signer: account.address }
    }),
  )
}

function read(functionName: 'attestation') {
  const address = deployment.attestationRegistry
  return chain.client.readContract({ abi: AttestationRegistryAbi, address, args: [providerId], functionName })
}

async function agentId(): Promise<bigint> {
  const address = deployment.computeRegistry
  const call = { abi: ComputeRegistryAbi, address, args: [providerId], functionName: 'agentOf' } as const
  const [, id] = await chain.client.readContract(call)
  return id
}

function stakeOf(account: Address): Promise<bigint> {
  const address = deployment.computeStaking
  return chain.client.readContract({
    abi: ComputeStakingAbi,
    address,
    args: [account],
    functionName: 'stakeOf',
  })
}

async function register(): Promise<bigint> {
  const wallet = chain.walletOf(1)
  const address = deployment.computeRegistry
  const hash = await wallet.writeContract({
    abi: ComputeRegistryAbi,
    address,
    args: ['https://machine.example.com', '{}', 1n],
    functionName: 'register',
    value: parseEther('0.1'),
  })
  await chain.client.waitForTransactionReceipt({ hash })
  return chain.client.readContract({ abi: ComputeRegistryAbi, address, functionName: 'providerCount' })
}
