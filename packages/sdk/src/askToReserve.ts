import { askChannel, ChannelRefusedError } from './askChannel.ts'
import type { Channel } from './Inference.ts'
import * as Reservation from './Reservation.ts'
import type { Payee, SessionKey } from './Voucher.ts'

const LIFE_SECONDS = 300

/**
 * Has the provider fill the channel by `amount` out of the owner's free balance, by a signature of the session key alone.
 * Undefined when it did; else what it said.
 */
export async function askToReserve(options: askToReserve.Options): Promise<string | undefined> {
  const { amount, channel, fetch, payee, session, url } = options
  const deadline = Math.floor(Date.now() / 1000) + LIFE_SECONDS
  const reservation = { deadline, depositTotal: channel.deposit + amount, epoch: channel.epoch }
  const signed = await Reservation.sign(session, { payee, reservation })
  try {
    await askChannel(`${url}/v1/channels/${session.address}/reserve`, {
      body: JSON.stringify({ reservation: signed }),
      fetch,
      headers: { 'content-type': 'application/json' },
      method: 'POST',
    })
    return undefined
  } catch (error) {
    if (error instanceof ChannelRefusedError) return error.reason
    throw error
  }
}

export declare namespace askToReserve {
  type Options = {
    /** Base URL of the provider, without a slash at the end. */
    url: string
    session: SessionKey
    payee: Payee
    /** The channel as it is on chain. */
    channel: Pick<Channel, 'deposit' | 'epoch'>
    amount: bigint
    fetch: typeof globalThis.fetch
  }
}
