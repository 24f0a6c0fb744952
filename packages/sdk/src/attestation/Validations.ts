import { type Address, type Client, encodeAbiParameters, type Hash, type Hex, keccak256 } from 'viem'
import { readContract } from 'viem/actions'
import {
  AttestationRegistryAbi,
  ValidationRegistryAbi as abi,
  ComputeRegistryAbi,
  type Deployment,
} from '../Deployment.ts'
import { ComputeError, revertOf } from '../Errors.ts'
import { send, type Wallet } from '../write.ts'

/** What ERC-8004's validation registry has of a request. Of its time: what counts now, `levelOf` says. */
export type Validation = {
  validator: Address
  agentId: bigint
  /** 100 or 80 verified on chain, 50 by a quorum, 0 nothing, or not answered yet where `at` is 0. */
  response: number
  /** Of the evidence, or of the quorum's verdict. */
  hash: Hex
  /** `tee-tdx`, `tee-sgx`, or `tee-sev-snp` and the quorum. */
  tag: string
  /** When it was answered, in seconds. */
  at: bigint
}

const WORD = { type: 'bytes32' } as const
const UINT = { type: 'uint256' } as const
const ADDRESS = { type: 'address' } as const
/** Whoever takes hashes before their time pays for each, and stands in the way of nothing but the next try. */
const TRIES = 32n

/** A request's hash, which names what it is about; who comes first has it, so that a nonce makes another. */
export function requestHash(options: requestHash.Options): Hex {
  const { agentId, chainId, evidenceHash, nonce, registry, validator } = options
  return keccak256(
    encodeAbiParameters(
      [UINT, ADDRESS, UINT, ADDRESS, WORD, UINT],
      [chainId, registry, agentId, validator, evidenceHash, nonce],
    ),
  )
}

export declare namespace requestHash {
  type Options = {
    agentId: bigint
    chainId: bigint
    evidenceHash: Hex
    nonce: bigint
    /** The validation registry. */
    registry: Address
    validator: Address
  }
}

/** Asks the chain's attestation registry to answer for the agent of a provider; the wallet speaks for the agent. */
export async function ask(wallet: Wallet, options: ask.Options): Promise<ask.Result> {
  const { deployment, evidenceHash, evidenceUri, providerId } = options
  const { attestationRegistry: validator, computeRegistry, validationRegistry: registry } = deployment
  const [linked, agentId] = await readContract(wallet, {
    abi: ComputeRegistryAbi,
    address: computeRegistry,
    args: [providerId],
    functionName: 'agentOf',
  })
  if (!linked) throw new NoAgentError({ providerId })
  const about = { agentId, chainId: BigInt(deployment.chainId), evidenceHash, registry, validator }
  for (let nonce = 0n; nonce < TRIES; nonce++) {
    const hash = requestHash({ ...about, nonce })
    if (await statusOf(wallet, { deployment, requestHash: hash })) continue
    const args = [validator, agentId, evidenceUri, hash]
    const sent = await send(wallet, { abi, address: registry, args, functionName: 'validationRequest' })
    return { ...sent, requestHash: hash }
  }
  throw new RequestsTakenError({ providerId })
}

export declare namespace ask {
  type Options = {
    deployment: Deployment
    providerId: bigint
    /** Of what stands at `evidenceUri`. */
    evidenceHash: Hex
    evidenceUri: string
  }
  type Result = { hash: Hash; requestHash: Hex }
}

/** Has the attestation registry answer with what is proven now. Anyone may, and again. */
export function answer(
  wallet: Wallet,
  { deployment, providerId, requestHash: request }: answer.Options,
): Promise<{ hash: Hash }> {
  const address = deployment.attestationRegistry
  const args = [providerId, request]
  return send(wallet, { abi: AttestationRegistryAbi, address, args, functionName: 'answer' })
}

export declare namespace answer {
  type Options = { deployment: Deployment; providerId: bigint; requestHash: Hex }
}

/** What the registry has of a request; undefined where nobody made it. */
export async function statusOf(
  client: Client,
  { deployment, requestHash: request }: statusOf.Options,
): Promise<Validation | undefined> {
  const address = deployment.validationRegistry
  try {
    const [validator, agentId, response, hash, tag, at] = await readContract(client, {
      abi,
      address,
      args: [request],
      functionName: 'getValidationStatus',
    })
    // Others' registries answer with zeros where this one refuses.
    return BigInt(validator) === 0n ? undefined : { agentId, at, hash, response, tag, validator }
  } catch (error) {
    if (revertOf(error, { abis: [abi], functionName: 'getValidationStatus' })) return undefined
    throw error
  }
}

export declare namespace statusOf {
  type Options = { deployment: Deployment; requestHash: Hex }
}

/** There is no agent to ask for. */
export class NoAgentError extends ComputeError {
  override readonly name = 'NoAgentError'

  constructor({ providerId }: { providerId: bigint }) {
    super(`Provider ${providerId} is linked to no agent (ERC-8004), so there is nothing to answer for.`)
  }
}

/** Somebody takes the hashes of requests before they are made. */
export class RequestsTakenError extends ComputeError {
  override readonly name = 'RequestsTakenError'

  constructor({ providerId }: { providerId: bigint }) {
    super(
      `${TRIES} requests for provider ${providerId} on this evidence are taken; show evidence of another hash.`,
    )
  }
}
