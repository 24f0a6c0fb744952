import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Deployment } from '@jejunetwork/sdk'
import { createPublicClient, http } from 'viem'
import { foundry } from 'viem/chains'
import type { Config } from '../config.ts'
import { UsageError } from '../errors.ts'
import { type Anvil, AnvilExitedError, startAnvil } from './anvil.ts'
import { deploy, sourcesHash } from './deploy.ts'
import { commandOf } from './processes.ts'

// Chain time must pass when nobody transacts, and what happened must survive a crash.
const LIVELY = ['--mixed-mining', '--block-time', '2', '--state-interval', '5']

const GRACE_MS = 10_000

export type LocalChain = { anvil: Anvil; deployment: Deployment; resumed: boolean }

/** Starts the local market's chain where it was left, with the contracts on it. */
export async function startLocalChain(config: Config, options: startLocalChain.Options): Promise<LocalChain> {
  const { onProgress, port, signal } = options
  const files = filesOf(config)
  await endStale(files)
  const isThere = existsSync(files.state)
  onProgress(isThere ? 'Resuming the local chain …' : 'Starting a local chain …')
  const anvil = await start(files, port)
  const close = async () => {
    await anvil.close()
    for (const file of [files.pid, files.cache]) rmSync(file, { force: true, recursive: true })
  }
  try {
    writeFileSync(files.pid, String(anvil.pid))
    if (isThere) copyFileSync(files.state, files.lastState)
    const known = await deployed(files, anvil)
    if (known && readFileSync(files.sources, 'utf8') !== sourcesHash())
      onProgress(
        'The contracts here changed since this chain was made; `npm start -- --reset` starts with the new ones.',
      )
    const deployment = known ?? (await deployNow(config, { anvil, files, onProgress, signal }))
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
export async function forgetLocalChain(config: Config): Promise<void> {
  const files = filesOf(config)
  await endStale(files)
  for (const file of [files.state, files.lastState, files.deployment, files.sources])
    rmSync(file, { force: true })
}

function filesOf({ home }: Config) {
  return {
    state: join(home, 'chain.json'),
    /** As it was at the last start that could read it. */
    lastState: join(home, 'chain.last.json'),
    pid: join(home, 'anvil.pid'),
    cache: join(home, 'anvil'),
    deployment: join(home, 'deployment.json'),
    /** What the contracts were compiled from. */
    sources: join(home, 'contracts.hash'),
  }
}

type Files = ReturnType<typeof filesOf>

async function start({ cache, lastState, state }: Files, port: number): Promise<Anvil> {
  rmSync(cache, { recursive: true, force: true })
  try {
    return await startAnvil({ port, args: [...LIVELY, '--state', state, '--cache-path', cache] })
  } catch (cause) {
    if (!(cause instanceof AnvilExitedError) || !cause.said.includes('--state')) throw cause
    const last = existsSync(lastState)
      ? `go back to the last start with \`cp ${lastState} ${state}\`, or `
      : ''
    throw new UsageError(
      `The saved chain ${state} is damaged and was left as it is; ${last}start afresh with \`npm start -- --reset\`.`,
      { cause },
    )
  }
}

/**
 * Ends the anvil of a market that was killed, if the process with its number still is that one. It may be writing the
 * chain's state down just now, so it gets the time to.
 */
async function endStale({ pid, state }: Pick<Files, 'pid' | 'state'>): Promise<void> {
  const number = existsSync(pid) ? Number(readFileSync(pid, 'utf8')) : 0
  const isOurs = () => number > 0 && commandOf(number)?.includes(state)
  const deadline = Date.now() + GRACE_MS
  if (isOurs()) process.kill(number, 'SIGINT')
  while (isOurs()) {
    if (Date.now() > deadline) process.kill(number, 'SIGKILL')
    await wait(50)
  }
  rmSync(pid, { force: true })
}

/** What an earlier start deployed, if it is on this chain. */
async function deployed(files: Files, anvil: Anvil): Promise<Deployment | undefined> {
  if (!existsSync(files.deployment) || !existsSync(files.sources)) return undefined
  const deployment: Deployment = JSON.parse(readFileSync(files.deployment, 'utf8'))
  const client = createPublicClient({ chain: foundry, transport: http(anvil.rpcUrl) })
  const code = await client.getCode({ address: deployment.inferenceServing })
  return code === undefined ? undefined : deployment
}

async function deployNow(
  config: Config,
  options: { anvil: Anvil; files: Files } & Pick<startLocalChain.Options, 'onProgress' | 'signal'>,
): Promise<Deployment> {
  const { anvil, files, onProgress, signal } = options
  onProgress('Compiling and deploying the contracts: the first time a minute or two …')
  // The key of the environment, if any, is not for this chain.
  const { PRIVATE_KEY: _, DEPLOYMENTS: __, ...environment } = config.environment
  const deployment = await deploy({ chainId: foundry.id, environment, rpcUrl: anvil.rpcUrl, signal })
  writeFileSync(files.sources, sourcesHash())
  writeFileSync(files.deployment, `${JSON.stringify(deployment, null, 2)}\n`)
  return deployment
}
