import { lookup as resolve } from 'node:dns'
import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { ComputeError } from '@jejunetwork/sdk'
import { isLoopback, isPublic } from '../../isPublic.ts'

const TIMEOUT_MS = 15_000
/** More of an answer than this is not read. */
const MOST_BYTES = 65_536

/**
 * Asks a URL that a stranger named. It connects to public addresses alone, to the very one that was checked, and follows no redirect:
 * so no name, however it resolves the second time, leads into the keeper's own network.
 */
export async function ask(url: URL, options: ask.Options): Promise<ask.Answer> {
  const { body, headers = {}, loopback, signal, timeoutMs = TIMEOUT_MS } = options
  refuseOdd(url)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const allowed = (address: string) => isPublic(address) || (loopback && isLoopback(address))
  // Warning: an address in place of a name is connected to without being looked up.
  if (isIP(host) !== 0 && !allowed(host)) throw new AddressRefusedError({ address: host, host })

  const life = AbortSignal.timeout(timeoutMs)
  const request: RequestOptions = {
    // A connection of its own: one that was kept could be to another address.
    agent: false,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
    lookup: lookupOf(allowed),
    method: body === undefined ? 'GET' : 'POST',
  }
  return new Promise((done, fail) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp
    const sent = send(url, request, (response) => void read(response).then(done, fail))
    const end = () =>
      sent.destroy(
        new Error(signal.aborted ? 'The keeper stops.' : `No answer within ${timeoutMs / 1000} s.`),
      )
    for (const one of [signal, life]) one.addEventListener('abort', end, { once: true })
    sent.once('error', fail).once('close', () => {
      for (const one of [signal, life]) one.removeEventListener('abort', end)
    })
    if (signal.aborted) end()
    sent.end(body)
  })
}

export declare namespace ask {
  type Options = {
    /** With a body it is a POST. */
    body?: string
    headers?: Readonly<Record<string, string>>
    /** Lets it reach this machine too. */
    loopback: boolean
    signal: AbortSignal
    timeoutMs?: number
  }
  type Answer = { status: number; headers: IncomingMessage['headers']; text: string }
}

/** A URL leads where a keeper does not go for a stranger. */
export class AddressRefusedError extends ComputeError {
  override readonly name = 'AddressRefusedError'

  constructor({ address, host }: { address: string; host: string }) {
    const which = address === host ? host : `${host}, which is ${address},`
    super(`${which} is no public address; an agent's endpoint must be one that anybody can reach.`)
  }
}

function refuseOdd({ password, protocol, username }: URL): void {
  const isWeb = protocol === 'https:' || protocol === 'http:'
  if (isWeb && username === '' && password === '') return
  throw new EndpointError(
    `An endpoint is an http or https URL without a user name; this one is ${protocol}//…`,
  )
}

/** An agent's endpoint is none, or cannot be found. */
export class EndpointError extends ComputeError {
  override readonly name = 'EndpointError'
}

function lookupOf(allowed: (address: string) => boolean): LookupFunction {
  return (host, options, done) =>
    resolve(host, { ...options, all: true }, (error, found) => {
      if (error) return done(error, '', 4)
      // One that leads inside makes the name suspect as a whole.
      const refused = found.find(({ address }) => !allowed(address))
      if (refused) return done(new AddressRefusedError({ address: refused.address, host }), '', 4)
      const [first] = found
      if (options.all) return done(null, found as never)
      return first
        ? done(null, first.address, first.family)
        : done(new Error(`${host} has no address.`), '', 4)
    })
}

async function read(response: IncomingMessage): Promise<ask.Answer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MOST_BYTES) break
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString()
  return { headers: response.headers, status: response.statusCode ?? 0, text }
}
