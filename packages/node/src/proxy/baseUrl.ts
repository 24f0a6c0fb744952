import { BlockList, isIP } from 'node:net'

const LOCAL_CHAIN = 31_337

const INSIDE = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  INSIDE.addSubnet(network, bits)
for (const [network, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  INSIDE.addSubnet(network, bits, 'ipv6')

/**
 * The base URL of a provider, without a slash at the end. Undefined where a stranger's word should not lead: off the local
 * chain, to this machine or network; anywhere, to a URL whose path would end up in a query. A public name may still lead inside.
 */
export function baseUrl(endpoint: string, { chainId }: { chainId: number }): string | undefined {
  const url = URL.parse(endpoint)
  if (url === null || url.username !== '' || url.password !== '' || /[?#]/.test(endpoint)) return undefined
  if (chainId !== LOCAL_CHAIN && isInside(url.hostname)) return undefined
  return url.href.replace(/\/+$/, '')
}

function isInside(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  const family = isIP(host)
  if (family === 0) return !host.includes('.') || /\.(localhost|local|internal|home\.arpa)$/.test(host)
  return INSIDE.check(host, family === 4 ? 'ipv4' : 'ipv6')
}
