import { bytesToHex, type Hex } from 'viem'
import { askChannel } from './askChannel.ts'
import { channelState } from './channelState.ts'
import { OverchargedError } from './meteredStream.ts'
import { headersFor } from './PaidRequest.ts'
import { isFrom, type Payee, type SessionKey, type Tally, tallyOf } from './Voucher.ts'

const LIFE_SECONDS = 300

/**
 * Asks a provider to agree to a close at what is paid; `closeChannel` takes its answer within ten minutes. The contract
 * believes whoever submits it, so an answer above what the session key has signed, which the provider must show, throws.
 */
export async function askToClose(options: askToClose.Options): Promise<askToClose.Agreement> {
  const { fetch = globalThis.fetch, payee, session, settled, url } = options
  const { voucher } = await channelState({ fetch, payee, signer: session.address, url })
  const path = `/v1/channels/${session.address}/close`
  const request = {
    body: new Uint8Array(),
    expiry: Math.floor(Date.now() / 1000) + LIFE_SECONDS,
    id: bytesToHex(crypto.getRandomValues(new Uint8Array(32))),
    path,
  }
  const headers = await headersFor(request, { key: session, payee })
  const answer = (await askChannel(`${url}${path}`, { fetch, headers, method: 'POST' })) as Answer
  const { cumulative, deadline, epoch, signature, tokens } = answer
  const tally = { cumulative: BigInt(cumulative), epoch, tokens: BigInt(tokens) }
  const isOurs = voucher !== null && (await isFrom(session.address, { payee, voucher }))
  const signed = isOurs && tallyOf(voucher).epoch === epoch ? tallyOf(voucher).cumulative : 0n
  const limit = signed > settled ? signed : settled
  if (tally.cumulative > limit)
    throw new OverchargedError({ got: tally.cumulative, limit, what: 'wei at the close' })
  return { deadline: BigInt(deadline), signature, tally }
}

export declare namespace askToClose {
  type Options = {
    /** Base URL of the provider, without a slash at the end. */
    url: string
    session: SessionKey
    payee: Payee
    /** What is claimed of the channel on chain. */
    settled: bigint
    fetch?: typeof globalThis.fetch
  }
  type Agreement = { tally: Tally; deadline: bigint; signature: Hex }
}

type Answer = {
  epoch: number
  cumulative: string
  tokens: string
  deadline: string
  signature: Hex
}
