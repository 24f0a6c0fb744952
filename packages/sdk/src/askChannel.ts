import { ComputeError } from './Errors.ts'
import { readJson } from './readJson.ts'

const PATIENCE_MS = 30_000

/** The provider did not take a voucher, or told nothing of the channel. */
export class ChannelRefusedError extends ComputeError {
  override readonly name = 'ChannelRefusedError'
  /** What the provider said. */
  readonly reason: string
  readonly status: number

  constructor({ reason, status }: { reason: string; status: number }) {
    super(`The provider answered ${status} about the channel: ${reason}`)
    this.reason = reason
    this.status = status
  }
}

/** What a provider answers to a question about a channel, as JSON; a refusal is a `ChannelRefusedError`. */
export async function askChannel(url: string, { fetch, ...init }: askChannel.Options): Promise<unknown> {
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const response = await fetch(url, { ...init, redirect: 'error', signal })
  const answer = (await readJson(response)) ?? {}
  if (response.ok) return answer
  const { error } = answer as { error?: { message?: string } }
  throw new ChannelRefusedError({ reason: error?.message ?? response.statusText, status: response.status })
}

export declare namespace askChannel {
  type Options = Pick<RequestInit, 'body' | 'headers' | 'method'> & { fetch: typeof fetch }
}
