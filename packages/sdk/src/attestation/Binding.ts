import { type Address, encodeAbiParameters, type Hex, hexToBytes, keccak256, sha256, stringToHex } from 'viem'
import { concat, equal, fromBase64 } from './Bytes.ts'
import { type Code, judge, refuse, type Seen, type Verdict } from './Refusal.ts'

/**
 * What a provider's evidence is bound to, so that it serves nobody else, nowhere else and at no other time:
 * the hash of all of it is the first half of the report data, and the second half is zero.
 */
export type Binding = {
  chainId: bigint
  /** The contract that keeps attestation results. */
  registry: Address
  agentId: bigint
  provider: Address
  /** keccak256 of the SSH host key that a renter pins: see `sshHostKeyHash`. */
  sshHostKeyHash: Hex
  /** keccak256 of the SubjectPublicKeyInfo of the endpoint's TLS key. */
  tlsSpkiHash: Hex
  /** `gpuEvidenceHash`, or zero where there is no GPU. */
  gpuEvidenceHash: Hex
  blockNumber: bigint
  blockHash: Hex
}

/** The head of the chain that the binding names, as the verifier sees it. */
export type Head = {
  number: bigint
  /** The hash of the binding's block, by the verifier's own node. */
  hashAt: Hex
}

/** How old a binding's block may be: as many blocks as EIP-2935 keeps hashes of. */
export const MAXIMUM_AGE = 8191n

export const NO_GPU: Hex = `0x${'00'.repeat(32)}`

const TYPE =
  'TeeBinding(uint256 chainId,address registry,uint256 agentId,address provider,bytes32 sshHostKeyHash,' +
  'bytes32 tlsSpkiHash,bytes32 gpuEvidenceHash,uint256 blockNumber,bytes32 blockHash)'
const WORD = { type: 'bytes32' } as const
const UINT = { type: 'uint256' } as const
const ADDRESS = { type: 'address' } as const

/** keccak256 of a host key's bytes, from the key as it stands in `known_hosts`: `ssh-ed25519 AAAA…`. */
export function sshHostKeyHash(hostKey: string): Hex {
  const [, base64 = ''] = hostKey.trim().split(/\s+/)
  return keccak256(fromBase64(base64, { subject: 'SSH host key' }))
}

/** The 64 bytes to ask a TEE to sign. */
export function reportData(binding: Binding): Uint8Array {
  const { agentId, blockHash, blockNumber, chainId, gpuEvidenceHash } = binding
  const { provider, registry, sshHostKeyHash, tlsSpkiHash } = binding
  const hash = keccak256(
    encodeAbiParameters(
      [WORD, UINT, ADDRESS, UINT, ADDRESS, WORD, WORD, WORD, UINT, WORD],
      [
        typeHash(),
        chainId,
        registry,
        agentId,
        provider,
        sshHostKeyHash,
        tlsSpkiHash,
        gpuEvidenceHash,
        blockNumber,
        blockHash,
      ],
    ),
  )
  return concat(hexToBytes(hash), new Uint8Array(32))
}

/** The nonce to ask GPUs with. GPU evidence comes before the report data that hashes it, so it is left out here. */
export function gpuNonce(binding: Omit<Binding, 'gpuEvidenceHash'>): Uint8Array {
  const { agentId, blockHash, blockNumber, chainId, provider, registry, sshHostKeyHash, tlsSpkiHash } =
    binding
  const preimage = encodeAbiParameters(
    [WORD, UINT, ADDRESS, UINT, ADDRESS, WORD, WORD, UINT, WORD],
    [typeHash(), chainId, registry, agentId, provider, sshHostKeyHash, tlsSpkiHash, blockNumber, blockHash],
  )
  return hexToBytes(sha256(preimage))
}

/** The hash of a bundle of GPU evidence: keccak256 of each device's report, hashed in order. */
export function gpuEvidenceHash(reports: readonly Uint8Array[]): Hex {
  return reports.length === 0
    ? NO_GPU
    : keccak256(concat(...reports.map((report) => hexToBytes(keccak256(report)))))
}

/** Checks that signed report data is this binding's, that it is the one expected, and that it is fresh. */
export function verify(data: Uint8Array, options: verify.Options): Promise<Verdict<Binding>> {
  return judge(async () => checked(data, options))
}

export declare namespace verify {
  type Options = {
    /** What the provider says was hashed. */
    binding: Binding
    /** What the verifier knows to be right. All of chain, registry, agent and provider must be given. */
    expected: Pick<Binding, 'agentId' | 'chainId' | 'provider' | 'registry'> & Partial<Binding>
    head: Head
    maximumAge?: bigint
  }
}

function checked(
  data: Uint8Array,
  { binding, expected, head, maximumAge = MAXIMUM_AGE }: verify.Options,
): Binding {
  const wanted = reportData(binding)
  if (!equal(data, wanted)) refuse('BINDING_REPORT_DATA', 'the report data', { bound: wanted, value: data })
  check('BINDING_CHAIN', 'chain id', { bound: expected.chainId, value: binding.chainId })
  check('BINDING_REGISTRY', 'registry', { bound: expected.registry, value: binding.registry })
  check('BINDING_AGENT', 'agent id', { bound: expected.agentId, value: binding.agentId })
  check('BINDING_PROVIDER', 'provider', { bound: expected.provider, value: binding.provider })
  const { gpuEvidenceHash: gpu, sshHostKeyHash: ssh, tlsSpkiHash: tls } = expected
  check('BINDING_SSH_HOST_KEY', 'SSH host key hash', { bound: ssh, value: binding.sshHostKeyHash })
  check('BINDING_TLS_KEY', 'TLS key hash', { bound: tls, value: binding.tlsSpkiHash })
  check('BINDING_GPU_EVIDENCE', 'GPU evidence hash', { bound: gpu, value: binding.gpuEvidenceHash })
  const { blockNumber } = binding
  const age = head.number - blockNumber
  if (age < 1n)
    refuse('BINDING_FUTURE', 'the bound block', { bound: `below ${head.number}`, value: blockNumber })
  if (age > maximumAge) {
    refuse('BINDING_STALE', "the bound block's age", {
      bound: `at most ${maximumAge} blocks`,
      value: `${age} blocks`,
    })
  }
  check('BINDING_BLOCK_HASH', `hash of block ${blockNumber}`, {
    bound: head.hashAt,
    value: binding.blockHash,
  })
  return binding
}

/** Addresses and hashes are compared whatever their case; an expectation that is not given is none. */
function check(
  code: Code,
  subject: string,
  { bound, value }: { bound: Seen | undefined; value: Seen },
): void {
  if (bound === undefined || String(bound).toLowerCase() === String(value).toLowerCase()) return
  refuse(code, `the bound ${subject}`, { bound, value })
}

function typeHash(): Hex {
  return keccak256(stringToHex(TYPE))
}
