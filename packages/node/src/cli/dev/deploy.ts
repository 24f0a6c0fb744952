import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { access, constants, readFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ComputeError, type Deployment } from '@jejunetwork/sdk'
import { UsageError } from '../errors.ts'
import { foundry } from './foundry.ts'

/** The contracts' sources in this repository, which the deploying command runs from. */
export const CONTRACTS: string = join(import.meta.dirname, '../../../../contracts')

/** Deploys the contracts by the command that the docs name, and reads back where they are. */
export async function deploy(options: deploy.Options): Promise<Deployment> {
  const { chainId, environment, rpcUrl, signal } = options
  await access(CONTRACTS, constants.W_OK).catch((cause: unknown) => {
    throw new UsageError(
      `The contracts are compiled in ${CONTRACTS}, which cannot be written to; work on a copy of yours.`,
      { cause },
    )
  })
  await forge(['script', 'script/DeployCompute.s.sol', '--rpc-url', rpcUrl, '--broadcast'], {
    env: { ...environment, PATH: `${dirname(process.execPath)}${delimiter}${environment['PATH'] ?? ''}` },
    signal,
  })
  const directory = environment['DEPLOYMENTS'] ?? 'deployments'
  return JSON.parse(await readFile(join(CONTRACTS, directory, `${chainId}.json`), 'utf8')) as Deployment
}

export declare namespace deploy {
  type Options = {
    chainId: number
    /** What forge sees: PATH at least; DEPLOYMENTS is where the addresses go, relative to the contracts. */
    environment: NodeJS.ProcessEnv
    rpcUrl: string
    signal?: AbortSignal
  }
}

/** Runs forge, and ends it together with the compiler that it started. */
async function forge(
  args: readonly string[],
  { env, signal }: { env: NodeJS.ProcessEnv; signal: AbortSignal | undefined },
): Promise<void> {
  signal?.throwIfAborted()
  const child = spawn(foundry('forge'), args, {
    cwd: CONTRACTS,
    detached: true,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await once(child, 'spawn')
  const group = -(child.pid ?? 0)
  const end = () => process.kill(group, 'SIGKILL')
  signal?.addEventListener('abort', end)
  try {
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ])
    signal?.throwIfAborted()
    if (code !== 0) throw new DeployFailedError({ stderr, stdout })
  } finally {
    signal?.removeEventListener('abort', end)
  }
}

/** Names what the contracts are compiled from: any change gives another hash. */
export function sourcesHash(): string {
  const hash = createHash('sha256')
  const options = { cwd: CONTRACTS }
  const files = globSync(['src/**/*.sol', 'script/**/*.sol', 'foundry.toml', 'package.json'], options)
  for (const file of files.sort()) hash.update(file).update(readFileSync(join(CONTRACTS, file)))
  return hash.digest('hex').slice(0, 16)
}

/** forge did not deploy the contracts. */
export class DeployFailedError extends ComputeError {
  override readonly name = 'DeployFailedError'

  constructor({ stderr, stdout }: { stderr: string; stdout: string }) {
    super(`The contracts could not be deployed; forge said:\n${`${stdout}\n${stderr}`.trim().slice(-2_000)}`)
  }
}
