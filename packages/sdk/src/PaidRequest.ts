import {
  type Address,
  encodeAbiParameters,
  type Hex,
  isAddressEqual,
  keccak256,
  recoverAddress,
  stringToHex,
} from 'viem'
import { type Payee, type SessionKey, typedDigest } from './Voucher.ts'

/** One HTTP request that a session key answers for. `id` makes it idempotent: a retry with the same id pays once. */
export type PaidRequest = { path: string; body: Uint8Array; id: Hex; expiry: number }

/** What a paid request carries in its headers. */
export const HEADERS = {
  channel: 'jeju-channel',
  expiry: 'jeju-expiry',
  request: 'jeju-request',
  signature: 'jeju-signature',
  voucher: 'jeju-voucher',
} as const

const REQUEST_TYPE = keccak256(
  stringToHex('Request(address provider,string path,bytes32 bodyHash,bytes32 id,uint40 expiry)'),
)
const WORDS = [
  { type: 'bytes32' },
  { type: 'address' },
  { type: 'bytes32' },
  { type: 'bytes32' },
  { type: 'bytes32' },
  { type: 'uint40' },
] as const

/** The headers that charge `request` to the channel of `key`. */
export async function headersFor(
  request: PaidRequest,
  { key, payee }: headersFor.Options,
): Promise<Record<string, string>> {
  return {
    [HEADERS.channel]: key.address,
    [HEADERS.expiry]: String(request.expiry),
    [HEADERS.request]: request.id,
    [HEADERS.signature]: await key.sign({ hash: requestDigest(request, payee) }),
  }
}

export declare namespace headersFor {
  type Options = { key: SessionKey; payee: Payee }
}

/** Whether `signer` signed this very request for this payee. */
export async function isSignedBy(signer: Address, options: isSignedBy.Options): Promise<boolean> {
  const { payee, request, signature } = options
  try {
    return isAddressEqual(await recoverAddress({ hash: requestDigest(request, payee), signature }), signer)
  } catch {
    // Not a signature.
    return false
  }
}

export declare namespace isSignedBy {
  type Options = { request: PaidRequest; payee: Payee; signature: Hex }
}

function requestDigest({ body, expiry, id, path }: PaidRequest, payee: Payee): Hex {
  const words = [
    REQUEST_TYPE,
    payee.provider,
    keccak256(stringToHex(path)),
    keccak256(body),
    id,
    expiry,
  ] as const
  return typedDigest(payee, encodeAbiParameters(WORDS, words))
}
