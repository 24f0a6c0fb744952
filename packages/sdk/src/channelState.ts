import { type Address, type Hex, isAddressEqual } from 'viem'
import { askChannel } from './askChannel.ts'
import { ComputeError } from './Errors.ts'
import type { Payee } from './Voucher.ts'

/** What a provider says of a channel: its terms, what it asks for in all, and the last voucher it holds. */
export type ChannelState = {
  chainId: number
  contract: Address
  provider: Address
  token: Address
  /** The payer signs at the latest after this many tokens or milliseconds, whichever comes first. */
  window: { tokens: number; ms: number }
  /** Wei that the provider lets stand unpaid before it stops sending. */
  credit: string
  epoch: number
  /** Wei asked for in the channel's life, and the tokens. */
  asked: string
  tokens: string
  /** The last voucher, packed; null before the first one. */
  voucher: Hex | null
  /** Whether the voucher handed over was taken; it is not if a newer one was there. */
  accepted?: boolean
}

/** The provider speaks for another provider, contract, chain or token than the payer wants to pay. */
export class WrongPayeeError extends ComputeError {
  override readonly name = 'WrongPayeeError'

  constructor({ expected, got }: { expected: Payee; got: ChannelState }) {
    super(
      `The provider must be ${expected.provider} at contract ${expected.contract} on chain ${expected.chainId}, ` +
        `paid in ${expected.token}; it says ${got.provider} at ${got.contract} on ${got.chainId}, in ${got.token}.`,
    )
  }
}

/** Asks the provider for the channel's state; with a voucher, hands that over first. */
export async function channelState(options: channelState.Options): Promise<ChannelState> {
  const { fetch, payee, signer, url, voucher } = options
  const handOver = voucher && {
    body: JSON.stringify({ base: String(voucher.base), voucher: voucher.packed }),
    headers: { 'content-type': 'application/json' },
    method: 'POST',
  }
  const answer = (await askChannel(`${url}/v1/channels/${signer}`, { fetch, ...handOver })) as ChannelState
  const same =
    answer.chainId === payee.chainId &&
    isAddressEqual(answer.contract, payee.contract) &&
    isAddressEqual(answer.provider, payee.provider) &&
    isAddressEqual(answer.token, payee.token)
  if (!same) throw new WrongPayeeError({ expected: payee, got: answer })
  return answer
}

export declare namespace channelState {
  type Options = {
    /** Base URL of the provider, without a slash at the end. */
    url: string
    signer: Address
    payee: Payee
    fetch: typeof fetch
    /** A new voucher, and the amount it builds on: the provider takes it only if it holds no newer one. */
    voucher?: { packed: Hex; base: bigint }
  }
}
