/** Where a log is, as the registry of triggers counts: within its transaction's receipt, and not, as a node does, within its block. */
export type LogPlace = {
  /** Of the block. */
  number: bigint
  transactionIndex: number
  /** In its transaction's receipt, from 0. */
  logIndex: number
}

/** The key of the execution for this log: `block << 64 | transaction << 32 | log in its receipt`. */
export function keyOf({ logIndex, number, transactionIndex }: LogPlace): bigint {
  return (number << 64n) | (BigInt(transactionIndex) << 32n) | BigInt(logIndex)
}

/** The log that a key names. */
export function ofKey(key: bigint): LogPlace {
  const index = (bits: bigint) => Number(bits & 0xffff_ffffn)
  return { logIndex: index(key), number: key >> 64n, transactionIndex: index(key >> 32n) }
}
