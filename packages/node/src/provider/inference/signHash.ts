import type { Hex, LocalAccount } from 'viem'

/** The provider's signature of a digest. */
export async function signHash({ address, sign }: LocalAccount, hash: Hex): Promise<Hex> {
  if (sign === undefined) throw new Error(`The account ${address} cannot sign a digest.`)
  return sign({ hash })
}
