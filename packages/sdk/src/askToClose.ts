import { bytesToHex, type Hex } from 'viem'
import { ChannelRefusedError } from './channelState.ts'
import { headersFor } from './PaidRequest.ts'
import type { Payee, SessionKey, Tally } from './Voucher.ts'

const LIFE_SECONDS = 300

/** Asks a provider to agree to a close at what is paid; `closeChannel` takes its answer within ten minutes. */
export async function askToClose(options: askToClose.Options): Promise<askToClose.Agreement> {
  const { fetch = globalThis.fetch, payee, session, url } = options
  const path = `/v1/channels/${session.address}/close`
  const request = {
    body: new Uint8Array(),
    expiry: Math.floor(Date.now() / 1000) + LIFE_SECONDS,
    id: bytesToHex(crypto.getRandomValues(new Uint8Array(32))),
    path,
  }
  const headers = await headersFor(request, { key: session, payee })
  const response = await fetch(`${url}${path}`, { headers, method: 'POST' })
  const answer = (await response.json().catch(() => ({}))) as Answer
  if (!response.ok) {
    const message = answer.error?.message ?? response.statusText
    throw new ChannelRefusedError({ message, status: response.status })
  }
  const { cumulative, deadline, epoch, signature, tokens } = answer
  const tally = { cumulative: BigInt(cumulative), epoch, tokens: BigInt(tokens) }
  return { deadline: BigInt(deadline), signature, tally }
}

export declare namespace askToClose {
  type Options = {
    /** Base URL of the provider, without a slash at the end. */
    url: string
    session: SessionKey
    payee: Payee
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
  error?: { message: string }
}
