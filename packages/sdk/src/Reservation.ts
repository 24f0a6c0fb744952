import { encodeAbiParameters, type Hex, keccak256, stringToHex } from 'viem'
import { type Payee, packTally, type SessionKey, signPacked, typedDigest } from './Voucher.ts'

/**
 * What a session key lets a provider move into its channel out of the owner's free balance: as much as is missing from
 * `depositTotal`, so that it does nothing twice. `deadline` is in unix seconds.
 */
export type Reservation = { epoch: number; depositTotal: bigint; deadline: number }

const RESERVE_TYPE = keccak256(
  stringToHex('Reserve(address provider,address token,uint8 epoch,uint80 depositTotal,uint40 deadline)'),
)
const WORDS = [
  { type: 'bytes32' },
  { type: 'address' },
  { type: 'address' },
  { type: 'uint8' },
  { type: 'uint80' },
  { type: 'uint40' },
] as const

/** The EIP-712 digest that the session key signs. */
export function digest({ deadline, depositTotal, epoch }: Reservation, payee: Payee): Hex {
  const words = [RESERVE_TYPE, payee.provider, payee.token, epoch, depositTotal, deadline] as const
  return typedDigest(payee, encodeAbiParameters(WORDS, words))
}

/** A signed reservation as the contract takes it: r (32 bytes), vs (32), epoch (1), total (10), deadline (5). */
export async function sign(key: SessionKey, options: sign.Options): Promise<Hex> {
  const { payee, reservation } = options
  const { deadline, depositTotal, epoch } = reservation
  // Laid out as a tally is, with the deadline in the place of the tokens.
  const word = packTally({ cumulative: depositTotal, epoch, tokens: BigInt(deadline) })
  return signPacked(key, { hash: digest(reservation, payee), word })
}

export declare namespace sign {
  type Options = { payee: Payee; reservation: Reservation }
}
