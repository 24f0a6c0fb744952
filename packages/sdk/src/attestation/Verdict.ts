import {
  type Address,
  bytesToHex,
  encodeAbiParameters,
  type Hex,
  hashTypedData,
  hexToBigInt,
  keccak256,
  type LocalAccount,
  maxUint256,
  recoverAddress,
  type TypedDataDefinition,
} from 'viem'
import * as Binding from './Binding.ts'
import { fromHex, hex } from './Bytes.ts'
import * as Evidence from './Evidence.ts'
import { type Field, parse } from './Json.ts'
import { claimsOf, judge, type Verdict as Outcome, refuse } from './Refusal.ts'
import * as Snp from './Snp.ts'
import * as SnpEvidence from './SnpEvidence.ts'

/** What attesters sign: this evidence is genuine, of these devices and this workload, and bound to the report data. */
export type Verdict = {
  quorumId: bigint
  providerId: bigint
  /** The provider's owner. */
  provider: Address
  /** The number of the contract's `Evidence`: 0 for a SEV-SNP machine, then Hopper, Blackwell, NVSwitch and NRAS. */
  evidence: number
  workload: Hex
  /** keccak256 of each device's id, ascending. */
  devices: readonly Hex[]
  reportData: Hex
  evidenceHash: Hex
  issuedAt: number
  expiry: number
}

/** Where a verdict counts: one registry on one chain. */
export type Domain = { chainId: number; registry: Address }

/** Signed, with all that goes on chain with it. */
export type Signed = {
  verdict: Verdict
  binding: Binding.Binding
  evidence: Hex
  signer: Address
  signature: Hex
}

const SEV_SNP = 0
/** The greatest time that the contract takes. */
const LAST = 2 ** 40 - 1
const DAY = 86_400
/** A verdict counts for less than 7 days. */
export const LONGEST: number = 7 * DAY - 1
const FIELDS = [
  { name: 'quorumId', type: 'uint256' },
  { name: 'providerId', type: 'uint256' },
  { name: 'provider', type: 'address' },
  { name: 'evidence', type: 'uint8' },
  { name: 'workload', type: 'bytes32' },
  { name: 'devices', type: 'bytes32[]' },
  { name: 'reportData', type: 'bytes32' },
  { name: 'evidenceHash', type: 'bytes32' },
  { name: 'issuedAt', type: 'uint40' },
  { name: 'expiry', type: 'uint40' },
] as const

/** The EIP-712 message that an attester signs. */
export function typedData(message: Verdict, domain: Domain): TypedDataDefinition {
  return {
    domain: {
      chainId: domain.chainId,
      name: 'Jeju AttestationRegistry',
      verifyingContract: domain.registry,
      version: '1',
    },
    message,
    primaryType: 'Verdict',
    types: { Verdict: FIELDS },
  }
}

/** The digest by which the chain knows a verdict. */
export function hash(verdict: Verdict, domain: Domain): Hex {
  return hashTypedData(typedData(verdict, domain))
}

/**
 * Says what is true of a SEV-SNP machine, if it is: genuine by AMD's keys, of one chip, closed to debugging, and bound to
 * this provider, chain and registry, freshly. Otherwise names the check that refused.
 */
export function ofSnp(report: Uint8Array, options: ofSnp.Options): Promise<Outcome<ofSnp.Judged>> {
  return judge(async () => {
    const { at, binding, head, providerId, quorumId, ...machine } = options
    const proven = claimsOf(await Snp.verify(report, { ...machine, at }))
    const { chainId, provider, registry } = options.expected
    const expected = { agentId: options.expected.agentId, chainId, provider, registry }
    claimsOf(await Binding.verify(proven.reportData, { binding, expected, head }))
    if (proven.platformId === undefined) {
      return refuse('SNP_CHIP_ID', "the report's chip id", { bound: 'shown, under a VCEK', value: 'hidden' })
    }
    const { product, window, workloadId } = proven
    const evidence = bytesToHex(SnpEvidence.fromChain({ ...machine, product, report }))
    const issuedAt = Number(at)
    const verdict: Verdict = {
      devices: [SnpEvidence.chipOf(report)],
      evidence: SEV_SNP,
      evidenceHash: keccak256(evidence),
      expiry: Math.min(issuedAt + LONGEST, Number(window.until)),
      issuedAt,
      provider,
      providerId,
      quorumId,
      reportData: bytesToHex(proven.reportData.subarray(0, 32)),
      workload: workloadId,
    }
    return { evidence, verdict }
  })
}

export declare namespace ofSnp {
  type Options = Pick<Snp.verify.Options, 'chain' | 'crl' | 'minimumTcb' | 'roots' | 'vek' | 'workloads'> & {
    /** When it is judged, in seconds: the chain's newest block's time. */
    at: bigint
    binding: Binding.Binding
    expected: Pick<Binding.Binding, 'agentId' | 'chainId' | 'provider' | 'registry'>
    head: Binding.Head
    providerId: bigint
    quorumId: bigint
  }
  type Judged = { verdict: Verdict; evidence: Hex }
}

/** An attester's signature of a verdict, as `pack` takes it. */
export async function sign(verdict: Verdict, options: Domain & { account: LocalAccount }): Promise<Hex> {
  return options.account.signTypedData(typedData(verdict, options))
}

/** Signatures as the contract takes them: one after another, in the ascending order of signers, each signer once. */
export async function pack(verdict: Verdict, options: Domain & { signatures: readonly Hex[] }): Promise<Hex> {
  const digest = hash(verdict, options)
  const signed = await Promise.all(
    options.signatures.map(async (signature) => ({
      signature,
      signer: await signerOf(digest, signature),
    })),
  )
  const bySigner = new Map(signed.map(({ signature, signer }) => [hexToBigInt(signer), signature]))
  const ordered = [...bySigner].sort(([left], [right]) => (left < right ? -1 : 1))
  return `0x${ordered.map(([, signature]) => signature.slice(2)).join('')}`
}

async function signerOf(digest: Hex, signature: Hex): Promise<Address> {
  try {
    return await recoverAddress({ hash: digest, signature })
  } catch {
    return refuse('JSON', 'a signature of the verdict', { bound: 'one of a key', value: signature })
  }
}

/** A quorum's id: that of the same members and threshold on every chain. */
export function quorumIdOf(members: readonly Address[], threshold: number): bigint {
  const ordered = [...members].sort((left, right) => (hexToBigInt(left) < hexToBigInt(right) ? -1 : 1))
  const shape = [{ type: 'address[]' }, { type: 'uint8' }] as const
  return hexToBigInt(keccak256(encodeAbiParameters(shape, [ordered, threshold])))
}

/** A signed verdict as attesters hand it to the provider, with all that goes on chain. */
export function toJson(signed: Signed): string {
  return JSON.stringify(signed, (_, value) => (typeof value === 'bigint' ? value.toString() : value), 1)
}

/** Reads what `toJson` writes. The chain says whether the signature is right. */
export function fromJson(text: string): Signed {
  const fields = parse(text, 'signed verdict')
  const of = fields.at('verdict')
  const number = (key: string) => integer(of.at(key), key)
  const word = (key: string) => hexOf(of.at(key), 32)
  return {
    binding: Evidence.bindingOf(fields.at('binding')),
    evidence: hexOf(fields.at('evidence')),
    signature: hexOf(fields.at('signature'), 65),
    signer: hexOf(fields.at('signer'), 20),
    verdict: {
      devices: of
        .at('devices')
        .list()
        .map((device) => hexOf(device, 32)),
      evidence: within(of.at('evidence'), 0xff),
      evidenceHash: word('evidenceHash'),
      expiry: within(of.at('expiry'), LAST),
      issuedAt: within(of.at('issuedAt'), LAST),
      provider: hexOf(of.at('provider'), 20),
      providerId: number('providerId'),
      quorumId: number('quorumId'),
      reportData: word('reportData'),
      workload: word('workload'),
    },
  }
}

function hexOf(field: Field, length?: number): Hex {
  const subject = 'signed verdict'
  return `0x${hex(fromHex(field.text(), { subject, ...(length === undefined ? {} : { length }) }))}`
}

function within(field: Field, limit: number): number {
  const value = field.count()
  if (value > limit) refuse('JSON', 'a number of the verdict', { bound: `at most ${limit}`, value })
  return value
}

function integer(field: Field, key: string): bigint {
  const digits = field.text()
  if (/^\d{1,78}$/.test(digits) && BigInt(digits) <= maxUint256) return BigInt(digits)
  return refuse('JSON', `the verdict's ${key}`, {
    bound: 'digits of a uint256',
    value: digits.slice(0, 100),
  })
}
