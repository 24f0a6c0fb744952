import { AttesterQuorumsAbi, AttestationRegistryAbi as abi } from '@jejunetwork/contracts'
import { bytesToHex, toHex } from 'viem'
import { readContract } from 'viem/actions'
import * as Snp from './attestation/Snp.ts'
import { snpCertificates } from './attestation/SnpCertificates.ts'
import { chipOf } from './attestation/SnpEvidence.ts'
import type { Scene, Shown } from './verifyProvider.ts'

/**
 * Checks a SEV-SNP machine that a quorum attested as the quorum had to: the report up to AMD's key, and that it says what
 * the verdict on chain says. Answers with the report data, or undefined where the report is no good.
 */
export async function checkVerdict(scene: Scene, evidence: Shown): Promise<Uint8Array | undefined> {
  const { client, deployment, note, now, providerId, quorums, registry, roots, workloads } = scene
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
  const { product, reportData, tcb, workloadId } = judged.claims
  note('report', true, { bound: "signed up to AMD's root key", value: `${product}, ${JSON.stringify(tcb)}` })
  const same = (name: string, seen: string, wanted: string) =>
    note(name, seen === wanted, { bound: `${wanted} in the verdict`, value: seen })
  same('workload', workloadId, verdict.workload)
  same('chip', chipOf(evidence.report), verdict.device)
  same('report data', bytesToHex(reportData.subarray(0, 32)), verdict.reportData)
  return reportData
}
