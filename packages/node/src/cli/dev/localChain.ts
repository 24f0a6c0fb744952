import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Deployment } from '@jejunetwork/sdk'
import { createPublicClient, http } from 'viem'
import { foundry } from 'viem/chains'
import type { Config } from '../config.ts'
import { UsageError } from '../errors.ts'
import { type Anvil, AnvilExitedError, startAnvil } from './anvil.ts'
import { deploy } from './deploy.ts'
import { commandOf } from './processes.ts'

// Chain time must pass when nobody transacts, and what happened must survive a crash.
const LIVELY = ['--mixed-mining', '--block-time', '2', '--state-interval', '5']

export type LocalChain = { anvil: Anvil; deployment: Deployment; resumed: boolean }

/** Starts the local market's chain where it was left, with the contracts on it. */
export async function startLocalChain(config: Config, options: startLocalChain.Options): Promise<LocalChain> {
  const { onProgress, port, signal } = options
  const files = filesOf(config)
  endStale(files)
  onProgress(existsSync(files.state) ? 'Resuming the local chain …' : 'Starting a local chain …')
  const anvil = await start(files, port)
  const close = async () => {
    await anvil.close()
    for (const file of [files.pid, files.cache]) rmSync(file, { force: true, recursive: true })
  }
  try {
    writeFileSync(files.pid, String(anvil.pid))
    const known = await deployed(files, anvil)
    const deployment = known ?? (await deployNow(config, { anvil, onProgress, signal }))
    writeFileSync(files.deployment, `${JSON.stringify(deployment, null, 2)}\n`)
    return { anvil: { ...anvil, close }, deployment, resumed: known !== undefined }
  } catch (error) {
    await close()
    throw error
  }
}

export declare namespace startLocalChain {
  type Options = { port: number; onProgress: (message: string) => void; signal: AbortSignal }
}

/** Forgets the local chain. Keys and wallets stay. */
export function forgetLocalChain(config: Config): void {
  const { deployment, pid, state } = filesOf(config)
  endStale({ pid, state })
  for (const file of [state, deployment]) rmSync(file, { force: true })
}

function filesOf({ home }: Config) {
  return {
    state: join(home, 'chain.json'),
    pid: join(home, 'anvil.pid'),
    cache: join(home, 'anvil'),
    deployment: join(home, 'deployment.json'),
  }
}

type Files = ReturnType<typeof filesOf>

async function start({ cache, state }: Files, port: number): Promise<Anvil> {
  rmSync(cache, { recursive: true, force: true })
  try {
    return await startAnvil({ port, args: [...LIVELY, '--state', state, '--cache-path', cache] })
  } catch (cause) {
    if (!(cause instanceof AnvilExitedError) || !cause.said.includes('--state')) throw cause
    throw new UsageError(
      `The saved chain ${state} is damaged and was left as it is; keep a copy if it matters, then start afresh with \`npm start -- --reset\`.`,
      { cause },
    )
  }
}

/** Ends the anvil of a market that was killed, if the process with its number still is that one. */
function endStale({ pid, state }: Pick<Files, 'pid' | 'state'>): void {
  const number = existsSync(pid) ? Number(readFileSync(pid, 'utf8')) : 0
  if (number > 0 && commandOf(number)?.includes(state)) process.kill(number, 'SIGKILL')
  rmSync(pid, { force: true })
}

/** What an earlier start deployed, if it is on this chain. */
async function deployed(files: Files, anvil: Anvil): Promise<Deployment | undefined> {
  if (!existsSync(files.deployment)) return undefined
  const deployment: Deployment = JSON.parse(readFileSync(files.deployment, 'utf8'))
  const client = createPublicClient({ chain: foundry, transport: http(anvil.rpcUrl) })
  const code = await client.getCode({ address: deployment.inferenceServing })
  return code === undefined ? undefined : deployment
}

async function deployNow(
  config: Config,
  { anvil, onProgress, signal }: { anvil: Anvil } & Pick<startLocalChain.Options, 'onProgress' | 'signal'>,
): Promise<Deployment> {
  onProgress('Compiling and deploying the contracts …')
  // The key of the environment, if any, is not for this chain.
  const { PRIVATE_KEY: _, DEPLOYMENTS: __, ...environment } = config.environment
  return deploy({ chainId: foundry.id, environment, rpcUrl: anvil.rpcUrl, signal })
}
