import { bytesToHex, toHex } from 'viem'
import { readContract } from 'viem/actions'
import { iso } from './attestation/Chain.ts'
import * as Snp from './attestation/Snp.ts'
import { snpCertificates } from './attestation/SnpCertificates.ts'
import { chipOf } from './attestation/SnpEvidence.ts'
import { AttesterQuorumsAbi, AttestationRegistryAbi as abi } from './Deployment.ts'
import type { Scene, Shown } from './verifyProvider.ts'

/** By the contract's number; the first is a machine's. */
const EVIDENCE = ['sev-snp', 'hopper', 'blackwell', 'nvswitch', 'nras']

/** What a quorum says of a provider's GPUs now. */
export type GpuVerdict = {
  /** Their kind, or `nras` where NVIDIA's service vouched for them. */
  evidence: string
  devices: number
  quorumId: bigint
  /** In seconds. */
  expiry: bigint
  /** The quorum is one of those named, and the GPUs are bound by the machine's attestation. */
  counts: boolean
}

/**
 * Shows what a quorum says of the GPUs, if one does. Only the word of a quorum that was named counts: its verdict must be
 * bound by the same report data as the machine, which commits to the GPU evidence; else the GPUs may sit elsewhere.
 */
export async function checkGpuVerdict(
  { client, note, now, providerId, quorums = [], registry }: Scene,
  machine: Uint8Array,
): Promise<GpuVerdict | undefined> {
  const args = [providerId, true] as const
  const verdict = await readContract(client, { abi, address: registry, args, functionName: 'verdictOf' })
  const expiry = BigInt(verdict.expiry)
  if (expiry < now) return undefined

  const { devices, quorumId, reportData } = verdict
  const evidence = EVIDENCE[verdict.evidence] ?? 'unknown'
  const isNamed = quorums.includes(quorumId)
  const only = isNamed ? '' : 'not counted, else '
  const named = quorums.map((id) => toHex(id)).join(' or ') || 'one that you name'
  note('GPU verdict', true, { bound: `${only}one on GPUs`, value: `${evidence}, devices: ${devices}` })
  note('GPU quorum', true, { bound: `${only}${named}`, value: toHex(quorumId) })
  note('GPU expiry', true, { bound: `${only}not before ${iso(now)}`, value: iso(expiry) })
  const wanted = bytesToHex(machine.subarray(0, 32))
  const isBound = reportData === wanted
  note('GPU report data', !isNamed || isBound, {
    bound: `${only}${wanted}, the machine's`,
    value: reportData,
  })
  return { counts: isNamed && isBound, devices, evidence, expiry, quorumId }
}

/**
 * Checks a SEV-SNP machine that a quorum attested as the quorum had to: the report up to AMD's key, and that it says what
 * the verdict on chain says. Answers with the report data, or undefined where the report is no good.
 */
export async function checkVerdict(scene: Scene, evidence: Shown): Promise<Uint8Array | undefined> {
  const { amdRoots: roots, client, deployment, note, now, providerId, quorums, registry, workloads } = scene
  const args = [providerId, false] as const
  const verdict = await readContract(client, { abi, address: registry, args, functionName: 'verdictOf' })
  const [members, threshold] = await readContract(client, {
    abi: AttesterQuorumsAbi,
    address: deployment.attesterQuorums,
    args: [verdict.quorumId],
    functionName: 'quorumOf',
  })
  const value = `${threshold} of ${members.length}, id ${toHex(verdict.quorumId)}`
  const bound = quorums ? quorums.map((id) => toHex(id)).join(' or ') || 'none' : 'one that you trust'
  note('quorum', quorums === undefined || quorums.includes(verdict.quorumId), { bound, value })

  const { chain, vek } = snpCertificates(evidence.certificates ?? new Uint8Array())
  const options = { at: now, chain, vek, ...(roots ? { roots } : {}), ...(workloads ? { workloads } : {}) }
  const judged = await Snp.verify(evidence.report, options)
  if (!judged.ok) {
    const { bound: wanted, code, subject, value: seen } = judged.refusal
    note(`report, ${subject}`, false, { bound: wanted, value: `${seen} (${code})` })
    return undefined
  }
  const { product, reportData, revocation, tcb, workloadId } = judged.claims
  note('report', true, { bound: "signed up to AMD's root key", value: `${product}, ${JSON.stringify(tcb)}` })
  note('revocation', true, { bound: 'checked by the quorum before it signed', value: `${revocation} here` })
  const same = (name: string, seen: string, wanted: string) =>
    note(name, seen === wanted, { bound: `${wanted} in the verdict`, value: seen })
  same('workload', workloadId, verdict.workload)
  same('chip', chipOf(evidence.report), verdict.device)
  same('report data', bytesToHex(reportData.subarray(0, 32)), verdict.reportData)
  return reportData
}
