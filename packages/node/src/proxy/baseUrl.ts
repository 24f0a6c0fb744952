import { isIP } from 'node:net'
import { isLocalChain } from '../isLocalChain.ts'
import { isPublic } from '../isPublic.ts'

/**
 * The base URL of a provider, without a slash at the end. Undefined where a stranger's word should not lead: off the local
 * chain, to this machine or network; anywhere, to a URL whose path would end up in a query. A public name may still lead inside.
 */
export function baseUrl(endpoint: string, { chainId }: { chainId: number }): string | undefined {
  const url = URL.parse(endpoint)
  if (url === null || url.username !== '' || url.password !== '' || /[?#]/.test(endpoint)) return undefined
  if (!isLocalChain(chainId) && isInside(url.hostname)) return undefined
  return url.href.replace(/\/+$/, '')
}

function isInside(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (isIP(host) === 0) return !host.includes('.') || /\.(localhost|local|internal|home\.arpa)$/.test(host)
  return !isPublic(host)
}
