import {
  type Address,
  compactSignatureToSignature,
  concatHex,
  domainSeparator,
  encodeAbiParameters,
  type Hex,
  isAddressEqual,
  keccak256,
  numberToHex,
  parseSignature,
  recoverAddress,
  serializeSignature,
  signatureToCompactSignature,
  size,
  slice,
  stringToHex,
} from 'viem'

/** Where a voucher counts: one contract on one chain, one provider, one token (zero address: ether). */
export type Payee = { chainId: number; contract: Address; provider: Address; token: Address }

/** What was paid for in a channel's life: wei, tokens, and the epoch in which it counts. */
export type Tally = { epoch: number; cumulative: bigint; tokens: bigint }

/** A key that signs without asking anybody; every viem account made from a private key is one. */
export type SessionKey = { address: Address; sign: (parameters: { hash: Hex }) => Promise<Hex> }

const VOUCHER_TYPE = keccak256(stringToHex('Voucher(address provider,address token,uint128 tally)'))
const WORDS = [{ type: 'bytes32' }, { type: 'address' }, { type: 'address' }, { type: 'uint128' }] as const
const separators = new Map<string, Hex>()

/** The tally as the contract's 128 bits: epoch, 80 bits of wei, 40 bits of tokens. */
export function packTally({ cumulative, epoch, tokens }: Tally): bigint {
  if (epoch > 0xff || cumulative >> 80n !== 0n || tokens >> 40n !== 0n) {
    throw new RangeError(`The tally (epoch ${epoch}, ${cumulative} wei, ${tokens} tokens) is too large.`)
  }
  return (BigInt(epoch) << 120n) | (cumulative << 40n) | tokens
}

/** The reverse of `packTally`: wei, tokens and epoch in the contract's 128 bits. */
export function unpackTally(tally: bigint): Tally {
  return {
    cumulative: (tally >> 40n) & ((1n << 80n) - 1n),
    epoch: Number(tally >> 120n),
    tokens: tally & ((1n << 40n) - 1n),
  }
}

/** The EIP-712 digest that the session key signs. */
export function digest(tally: bigint, payee: Payee): Hex {
  const words = [VOUCHER_TYPE, payee.provider, payee.token, tally] as const
  return typedDigest(payee, encodeAbiParameters(WORDS, words))
}

/** The EIP-712 digest of an encoded struct in InferenceServing's domain. */
export function typedDigest({ chainId, contract }: Pick<Payee, 'chainId' | 'contract'>, struct: Hex): Hex {
  return keccak256(concatHex(['0x1901', separatorOf(chainId, contract), keccak256(struct)]))
}

/** A signed voucher as the contract takes it: r (32 bytes), vs (32, EIP-2098), tally (16). */
export async function sign(key: SessionKey, { payee, tally }: { payee: Payee; tally: Tally }): Promise<Hex> {
  const packed = packTally(tally)
  return signPacked(key, { hash: digest(packed, payee), word: packed })
}

/** A signature of `hash` in front of 16 bytes that it covers, as the contract takes its items. */
export async function signPacked(key: SessionKey, { hash, word }: { hash: Hex; word: bigint }): Promise<Hex> {
  const { r, yParityAndS } = signatureToCompactSignature(parseSignature(await key.sign({ hash })))
  return concatHex([r, yParityAndS, numberToHex(word, { size: 16 })])
}

/** What a packed voucher says. It proves nothing before `signerOf` was compared. */
export function tallyOf(voucher: Hex): Tally {
  if (size(voucher) !== 80) throw new RangeError('A voucher is 80 bytes: r, vs and tally.')
  return unpackTally(BigInt(slice(voucher, 64)))
}

/** Who signed a packed voucher for this payee. A forged one, or one for another payee, gives a stranger's address. */
export async function signerOf(voucher: Hex, payee: Payee): Promise<Address> {
  const { tally, ...compact } = {
    r: slice(voucher, 0, 32),
    tally: BigInt(slice(voucher, 64)),
    yParityAndS: slice(voucher, 32, 64),
  }
  const signature = serializeSignature(compactSignatureToSignature(compact))
  return recoverAddress({ hash: digest(tally, payee), signature })
}

/** Whether `signer` signed this voucher for this payee. */
export async function isFrom(
  signer: Address,
  { payee, voucher }: { payee: Payee; voucher: Hex },
): Promise<boolean> {
  try {
    return size(voucher) === 80 && isAddressEqual(await signerOf(voucher, payee), signer)
  } catch {
    // No point on the curve: forged.
    return false
  }
}

function separatorOf(chainId: number, contract: Address): Hex {
  const key = `${chainId}:${contract}`
  const known = separators.get(key)
  if (known !== undefined) return known

  const domain = { chainId, name: 'Jeju InferenceServing', verifyingContract: contract, version: '1' }
  const separator = domainSeparator({ domain })
  separators.set(key, separator)
  return separator
}
