import { BlockList, isIP } from 'node:net'

/** IPv4 that leads to this machine, its network, or nobody in particular (RFC 6890). */
const INSIDE = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  INSIDE.addSubnet(network, bits)

/** Of IPv6 only what is handed out as global unicast, and of that nothing which wraps or translates another address. */
const GLOBAL = new BlockList()
GLOBAL.addSubnet('2000::', 3, 'ipv6')
const WRAPPED = new BlockList()
for (const [network, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  WRAPPED.addSubnet(network, bits, 'ipv6')

/** Whether an IP address is one that anybody on the internet would reach alike: not this machine, not its network, not a cloud's metadata. */
export function isPublic(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !INSIDE.check(address)
  return family === 6 && GLOBAL.check(address, 'ipv6') && !WRAPPED.check(address, 'ipv6')
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8)
LOOPBACK.addAddress('::1', 'ipv6')

/** Whether an IP address is this machine itself. */
export function isLoopback(address: string): boolean {
  const family = isIP(address)
  return family !== 0 && LOOPBACK.check(address, family === 4 ? 'ipv4' : 'ipv6')
}
