import { once } from 'node:events'
import { isIP } from 'node:net'
import { connect } from 'node:tls'
import { type Hex, keccak256 } from 'viem'
import { TryLaterError } from './errors.ts'

const PATIENCE_MS = 10_000

/** keccak256 of the public key info that an https endpoint shows; undefined for http. Warning: of any certificate. */
export async function tlsKeyShown(endpoint: string): Promise<Hex | undefined> {
  const { hostname: host, port, protocol } = new URL(endpoint)
  if (protocol !== 'https:') return undefined
  const socket = connect({
    host,
    port: Number(port) || 443,
    rejectUnauthorized: false,
    servername: isIP(host) ? '' : host,
  })
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(PATIENCE_MS) })
    const certificate = socket.getPeerX509Certificate()
    return certificate && keccak256(certificate.publicKey.export({ format: 'der', type: 'spki' }))
  } catch (cause) {
    throw new TryLaterError(`No TLS answers at ${endpoint}.`, { cause })
  } finally {
    socket.destroy()
  }
}
