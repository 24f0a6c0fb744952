import { ComputeError } from '../Errors.ts'
import { type Bytes, concat } from './Bytes.ts'

/** What a vendor's service answered, unverified. */
export type Answer = { url: string; headers: Headers; body: Bytes }

const LONGEST = 1 << 20
const PATIENCE_MS = 20_000

/** Asks a vendor's service. It is given 20 seconds for at most 1 MiB, and may send nobody elsewhere. */
export async function answer(url: string, options: answer.Options): Promise<Answer> {
  const { patienceMs = PATIENCE_MS, post, service, signal } = options
  const limit = AbortSignal.timeout(patienceMs)
  try {
    const response = await fetch(url, {
      ...(post && { body: post.body, headers: { 'content-type': post.type }, method: 'POST' }),
      redirect: 'error',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    })
    const { status } = response
    if (!response.ok) {
      await response.body?.cancel()
      throw new CollateralUnavailableError({ service, status, url, why: `answered ${status}` })
    }
    const body = await bodyOf(response)
    if (!body) throw new CollateralUnavailableError({ service, url, why: 'answered too much' })
    return { body, headers: response.headers, url }
  } catch (cause) {
    if (cause instanceof CollateralUnavailableError) throw cause
    signal?.throwIfAborted()
    throw new CollateralUnavailableError({ cause, service, url, why: 'does not answer' })
  }
}

export declare namespace answer {
  type Options = {
    /** Who is asked, as the beginning of a sentence. */
    service?: string | undefined
    patienceMs?: number | undefined
    /** What to send along; without it nothing is sent, and the page is fetched. */
    post?: { body: Bytes; type: string } | undefined
    signal?: AbortSignal | undefined
  }
}

/** The service did not give what was asked for, or not in its vendor's form. */
export class CollateralUnavailableError extends ComputeError {
  override readonly name = 'CollateralUnavailableError'
  override readonly retryable = true
  /** What HTTP said, where it was that. */
  readonly status: number | undefined

  constructor({ cause, service = 'The collateral service', status, url, why }: CollateralUnavailable) {
    super(`${service} ${why} at ${url}.`, { cause })
    this.status = status
  }
}

type CollateralUnavailable = {
  url: string
  why: string
  cause?: unknown
  service?: string | undefined
  status?: number
}

/** Undefined where it is longer than it may be, of which no more is read. */
async function bodyOf({ body }: Response): Promise<Bytes | undefined> {
  const reader = body?.getReader()
  const parts: Uint8Array[] = []
  for (let length = 0; ; ) {
    const { value } = (await reader?.read()) ?? {}
    if (!value) return concat(...parts)
    parts.push(value)
    length += value.length
    if (length > LONGEST) {
      await reader?.cancel()
      return undefined
    }
  }
}
