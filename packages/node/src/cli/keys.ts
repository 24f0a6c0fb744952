import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  type Address,
  type Chain,
  createWalletClient,
  getAddress,
  type Hex,
  http,
  isAddress,
  type LocalAccount,
  type Transport,
  type WalletClient,
} from 'viem'
import { generatePrivateKey, mnemonicToAccount, privateKeyToAccount } from 'viem/accounts'
import type { Config } from './config.ts'
import type { Market } from './connect.ts'
import type { Role, Unlocked } from './context.ts'
import { UsageError } from './errors.ts'
import { decrypt, encrypt, type Keystore } from './Keystore.ts'
import { question } from './question.ts'

const DEVELOPMENT_MNEMONIC = 'test test test test test test test test test test test junk'
const DEVELOPMENT_INDEX: Record<Role | 'bank', number> = { bank: 9, provider: 1, user: 2, keeper: 3 }

/** The key of the environment, else the keystore's, else, on a local chain alone, a well-known development account. */
export async function unlock(config: Config, { market, role }: unlock.Options): Promise<Unlocked> {
  if (config.privateKey) return { account: accountOf(config.privateKey), from: 'JEJU_PRIVATE_KEY' }
  if (existsSync(config.keystore)) return { account: await openKeystore(config), from: config.keystore }
  if (market.isLocal)
    return { account: developmentAccount(role), from: 'a development account of the local chain' }
  throw new UsageError(
    'There is no wallet; make one with `jeju-compute wallet new`, or set JEJU_PRIVATE_KEY.',
  )
}

/** Whose key `unlock` gives; asks for no password where the keystore names its address, as most do. */
export async function whose(config: Config, options: unlock.Options): Promise<whose.Result> {
  const { keystore, privateKey } = config
  if (!privateKey && existsSync(keystore)) {
    const named = `0x${readKeystore(keystore).address?.replace(/^0x/, '')}`
    if (isAddress(named, { strict: false })) return { address: getAddress(named), from: keystore }
  }
  const { account, from } = await unlock(config, options)
  return { address: account.address, from }
}

export declare namespace whose {
  type Result = { address: Address; from: string }
}

export declare namespace unlock {
  type Options = { market: Market; role: Role }
}

/** One of anvil's accounts, whose keys everybody knows. */
export function developmentAccount(role: Role | 'bank'): LocalAccount {
  return mnemonicToAccount(DEVELOPMENT_MNEMONIC, { addressIndex: DEVELOPMENT_INDEX[role] })
}

/** A wallet of viem's on the market's chain. */
export function walletOn(
  market: Market,
  account: LocalAccount,
): WalletClient<Transport, Chain, LocalAccount> {
  const { chain, pollingInterval, transport } = market.client
  return createWalletClient({ account, chain, pollingInterval, transport: http(transport['url']) })
}

/** Makes a key and writes it encrypted, once: a file that exists is left alone. */
export async function newKeystore(config: Config): Promise<LocalAccount> {
  const { keystore } = config
  if (existsSync(keystore))
    throw new UsageError(`${keystore} holds a wallet already; set JEJU_KEYSTORE to make another one.`)
  const password = await askPassword(config, { twice: true })

  const privateKey = generatePrivateKey()
  const sealed = encrypt(privateKey, password)
  mkdirSync(dirname(keystore), { recursive: true, mode: 0o700 })
  writeFileSync(keystore, `${JSON.stringify(sealed, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  return privateKeyToAccount(privateKey)
}

async function openKeystore(config: Config): Promise<LocalAccount> {
  const { keystore } = config
  const sealed = readKeystore(keystore)
  const password = await askPassword(config, { twice: false })
  const privateKey = decrypt(sealed, password)
  if (privateKey === undefined) throw new UsageError(`The password does not open ${keystore}.`)
  return privateKeyToAccount(privateKey)
}

function readKeystore(file: string): Keystore {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new UsageError(`${file} is not a keystore in JSON.`, { cause })
  }
}

async function askPassword(config: Config, { twice }: { twice: boolean }): Promise<string> {
  if (config.password !== undefined) return config.password
  if (!process.stdin.isTTY) throw new UsageError(`Set JEJU_PASSWORD to the password of ${config.keystore}.`)
  const password = await question(`Password for ${config.keystore}: `, { hidden: true })
  if (!twice) return password
  if (password === '') throw new UsageError('An empty password protects nothing; choose another one.')
  if (password !== (await question('The same again: ', { hidden: true })))
    throw new UsageError('The two passwords differ.')
  return password
}

function accountOf(privateKey: string): LocalAccount {
  const key = privateKey.startsWith('0x') ? privateKey : `0x${privateKey}`
  if (!/^0x[0-9a-fA-F]{64}$/.test(key))
    throw new UsageError('JEJU_PRIVATE_KEY must be 32 bytes in hexadecimal.')
  return privateKeyToAccount(key as Hex)
}
