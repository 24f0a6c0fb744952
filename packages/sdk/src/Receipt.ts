import {
  type Address,
  type Client,
  concatHex,
  encodeAbiParameters,
  type Hex,
  isAddressEqual,
  keccak256,
  recoverAddress,
  stringToHex,
} from 'viem'
import { readContract } from 'viem/actions'
import { InferenceServingAbi as abi } from './Deployment.ts'
import { ComputeError } from './Errors.ts'
import type { Price, Usage } from './Usage.ts'
import { type Payee, packTally, type Tally, typedDigest } from './Voucher.ts'

/** What a provider says it delivered for one request, and what the channel owes with it. */
export type Receipt = {
  payee: Payee
  /** The channel's session key. */
  signer: Address
  /** `requestHash` of what was asked. */
  request: Hex
  /** `responseHash` of what was answered. */
  response: Hex
  model: string
  usage: Usage
  price: Price
  tally: Tally
}

/** The receipt of a paid answer is missing, or says something else than what was asked, answered and charged. */
export class ReceiptError extends ComputeError {
  override readonly name = 'ReceiptError'

  constructor({ provider, why }: { provider: Address; why: string }) {
    super(
      `The receipt of provider ${provider} does not match the answer: ${why}. What has arrived is paid; do not rely on it.`,
    )
  }
}

const RECEIPT_TYPE = keccak256(
  stringToHex(
    'Receipt(address provider,address signer,address token,bytes32 request,bytes32 response,string model,' +
      'uint256 inputTokens,uint256 outputTokens,uint256 inputPrice,uint256 outputPrice,uint128 tally)',
  ),
)
const TYPES = [
  ...['bytes32', 'address', 'address', 'address', 'bytes32', 'bytes32', 'bytes32'],
  ...['uint256', 'uint256', 'uint256', 'uint256', 'uint128'],
].map((type) => ({ type }))

/** What was asked: the request's id, which is its idempotency key, with its path and the bytes of its body. */
export function requestHash({ body, id, path }: requestHash.Options): Hex {
  return keccak256(concatHex([id, keccak256(stringToHex(path)), keccak256(body)]))
}

export declare namespace requestHash {
  type Options = { id: Hex; path: string; body: Uint8Array }
}

/** What was answered: the text of the answer, all pieces together, as UTF-8. */
export function responseHash(text: string): Hex {
  return keccak256(stringToHex(text))
}

/** The EIP-712 digest that the provider, or its operator, signs. */
export function digest(receipt: Receipt): Hex {
  const { model, payee, price, request, response, signer, tally, usage } = receipt
  const parties = [RECEIPT_TYPE, payee.provider, signer, payee.token]
  const hashes = [request, response, keccak256(stringToHex(model))]
  const amounts = [BigInt(usage.inputTokens), BigInt(usage.outputTokens), price.inputPrice, price.outputPrice]
  return typedDigest(
    payee,
    encodeAbiParameters(TYPES, [...parties, ...hashes, ...amounts, packTally(tally)] as never),
  )
}

/** Whether the provider signed it, or, as the chain says now, its operator or its contract. */
export async function isGenuine(client: Client, { receipt, signature }: isGenuine.Options): Promise<boolean> {
  const { contract, provider, token } = receipt.payee
  try {
    if (isAddressEqual(await recoverAddress({ hash: digest(receipt), signature }), provider)) return true
  } catch {
    // No signature of a key; a contract may take it.
  }
  const { inputTokens, outputTokens } = receipt.usage
  const { model, price, request, response, signer } = receipt
  const tally = packTally(receipt.tally)
  const counts = { inputTokens: BigInt(inputTokens), outputTokens: BigInt(outputTokens) }
  const whole = { ...counts, ...price, model, provider, request, response, signer, tally, token }
  return readContract(client, { abi, address: contract, args: [whole, signature], functionName: 'isReceipt' })
}

export declare namespace isGenuine {
  type Options = { receipt: Receipt; signature: Hex }
}
