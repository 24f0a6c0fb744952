import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Hex } from 'viem'
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import type { Config } from './config.ts'

/**
 * The key that signs vouchers for a wallet, made when first asked for. It lies here in the clear, so that nobody is asked
 * for a password at each request: who reads it can spend what is in its channels, and nothing else.
 */
export function sessionKey(
  config: Config,
  { chainId, owner }: { chainId: number; owner: string },
): PrivateKeyAccount {
  const folder = join(config.home, 'sessions')
  const file = join(folder, `${chainId}-${owner.toLowerCase()}.key`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  try {
    writeFileSync(file, generatePrivateKey(), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  return privateKeyToAccount(readFileSync(file, 'utf8').trim() as Hex)
}
