import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Deployment } from '@jejunetwork/sdk'
import {
  type Account,
  createPublicClient,
  createTestClient,
  createWalletClient,
  type HDAccount,
  type Hex,
  http,
  type PublicClient,
  type Transport,
  toHex,
  type Chain as ViemChain,
  type WalletClient,
} from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { foundry as local } from 'viem/chains'
import { startAnvil } from '../packages/node/src/cli/dev/anvil.ts'
import { CONTRACTS, deploy, sourcesHash } from '../packages/node/src/cli/dev/deploy.ts'

const MNEMONIC = 'test test test test test test test test test test test junk'
const CACHE = join(import.meta.dirname, '../node_modules/.cache/jeju-chain')
const LOCK_STALE_MS = 180_000

/** anvil's ten development accounts, 10,000 ETH each; the first one deployed the contracts. */
export const accounts: readonly HDAccount[] = Array.from({ length: 10 }, (_, addressIndex) =>
  mnemonicToAccount(MNEMONIC, { addressIndex }),
)

/** The `index`-th development account. */
export function accountOf(index: number): HDAccount {
  const account = accounts[index]
  if (!account) throw new RangeError(`There is no development account ${index}.`)
  return account
}

/** Its private key, as `JEJU_PRIVATE_KEY` takes it. */
export function keyOf(index: number): Hex {
  const { privateKey } = accountOf(index).getHdKey()
  if (!privateKey) throw new Error(`The development account ${index} has no key.`)
  return toHex(privateKey)
}

/** A local chain of a test's own, with the contracts on it. */
export type Chain = {
  rpcUrl: string
  client: PublicClient<Transport, ViemChain>
  deployment: Deployment
  accounts: readonly HDAccount[]
  /** A wallet of the `index`-th development account. */
  walletOf(index: number): WalletClient<Transport, ViemChain, Account>
  /** Lets chain time pass and mines a block at the new time. */
  warp(seconds: number): Promise<void>
  /** Lets time pass until a minute has just begun: what is due each minute is due once, for most of a minute. */
  nextMinute(): Promise<void>
  close(): Promise<void>
}

/** Starts anvil on a free port with the contracts deployed by their own script. It ends with this process at the latest. */
export async function startChain(options: startChain.Options = {}): Promise<Chain> {
  const { state, deployment } = await deployedState()
  const anvil = await startAnvil({
    port: options.port ?? 0,
    args: ['--load-state', state, ...(options.args ?? [])],
  })
  const transport = http(anvil.rpcUrl)
  const client = createPublicClient({ chain: local, transport, pollingInterval: 50 })
  const test = createTestClient({ chain: local, mode: 'anvil', transport })
  const warp = async (seconds: number) => {
    await test.increaseTime({ seconds })
    await test.mine({ blocks: 1 })
  }
  return {
    rpcUrl: anvil.rpcUrl,
    client,
    deployment,
    accounts,
    walletOf(index) {
      return createWalletClient({ account: accountOf(index), chain: local, transport, pollingInterval: 50 })
    },
    warp,
    async nextMinute() {
      await warp(0)
      const { timestamp } = await client.getBlock()
      await warp(61 - Number(timestamp % 60n))
    },
    close: anvil.close,
  }
}

export declare namespace startChain {
  type Options = { port?: number; args?: readonly string[] }
}

/** The chain just after deployment, made once for each state of the contracts' sources. */
async function deployedState(): Promise<{ state: string; deployment: Deployment }> {
  const directory = join(CACHE, sourcesHash())
  const state = join(directory, 'state.json')
  const addresses = join(directory, 'deployment.json')
  if (!existsSync(addresses))
    await locked(() => (existsSync(addresses) ? undefined : make({ state, addresses, directory })))
  return { state, deployment: JSON.parse(readFileSync(addresses, 'utf8')) as Deployment }
}

async function make(paths: { state: string; addresses: string; directory: string }): Promise<void> {
  mkdirSync(paths.directory, { recursive: true })
  mkdirSync(join(CONTRACTS, 'cache/deployments'), { recursive: true })
  const fresh = `${paths.state}.${process.pid}`
  const anvil = await startAnvil({ port: 0, args: ['--dump-state', fresh] })
  try {
    const deployment = await deploy({
      chainId: local.id,
      environment: { ...process.env, DEPLOYMENTS: 'cache/deployments', FOUNDRY_BROADCAST: 'cache/broadcast' },
      rpcUrl: anvil.rpcUrl,
    })
    await anvil.close()
    renameSync(fresh, paths.state)
    writeFileSync(`${paths.addresses}.${process.pid}`, JSON.stringify(deployment))
    renameSync(`${paths.addresses}.${process.pid}`, paths.addresses)
  } finally {
    await anvil.close()
  }
}

/** Runs `task` while no other test process does. A lock whose holder died is broken. */
async function locked(task: () => void | Promise<void>): Promise<void> {
  const lock = join(CACHE, 'lock')
  mkdirSync(CACHE, { recursive: true })
  for (const since = Date.now(); ; await wait(50)) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      break
    } catch {
      if (!alive(lock) || Date.now() - since > LOCK_STALE_MS) rmSync(lock, { force: true })
    }
  }
  try {
    await task()
  } finally {
    rmSync(lock, { force: true })
  }
}

function alive(lock: string): boolean {
  try {
    return process.kill(Number(readFileSync(lock, 'utf8')), 0)
  } catch {
    return false
  }
}
