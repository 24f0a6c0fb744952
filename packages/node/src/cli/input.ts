import { type Address, getAddress, isAddress, parseEther } from 'viem'
import { UsageError } from './errors.ts'

/** A whole number above 0, as a bigint. */
export function whole(what: string, text: unknown): bigint {
  if (typeof text === 'string' && /^[1-9]\d{0,30}$/.test(text)) return BigInt(text)
  throw new UsageError(`${what} is a whole number above 0; it was ${JSON.stringify(text ?? '')}.`)
}

/** The id of a quorum of attesters: a hash, in decimal digits or hexadecimal. */
export function quorumId(what: string, text: unknown): bigint {
  if (typeof text === 'string' && /^(0x[0-9a-fA-F]{1,64}|[1-9]\d{0,77})$/.test(text)) return BigInt(text)
  throw new UsageError(`${what} is the id of a quorum, 0x…; it was ${JSON.stringify(text ?? '')}.`)
}

/** Ether in words, as wei. */
export function ether(what: string, text: unknown): bigint {
  if (typeof text === 'string' && /^\d+(\.\d{1,18})?$/.test(text)) return parseEther(text)
  throw new UsageError(`${what} is an amount of ETH such as 0.25; it was ${JSON.stringify(text ?? '')}.`)
}

/** An account or a contract, checksummed. */
export function address(what: string, text: unknown): Address {
  if (typeof text === 'string' && isAddress(text, { strict: false })) return getAddress(text)
  throw new UsageError(
    `${what} is an address, 0x and 40 hexadecimal digits; it was ${JSON.stringify(text ?? '')}.`,
  )
}

/** A TCP port; 0 is any free one. */
export function port(what: string, text: unknown): number {
  const number = Number(text)
  if (typeof text === 'string' && Number.isInteger(number) && number >= 0 && number < 65_536) return number
  throw new UsageError(`${what} is a port number, at most 65535; it was ${JSON.stringify(text ?? '')}.`)
}

/** Unix seconds as people write them; 0 is nothing. */
export const time = (seconds: bigint): string =>
  seconds === 0n ? '' : `${new Date(Number(seconds) * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`
