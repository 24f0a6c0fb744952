import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { access, constants, readFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { ComputeError, type Deployment } from '@jejunetwork/sdk'
import { UsageError } from '../errors.ts'
import { foundry } from './foundry.ts'

/** The contracts' sources in this repository, which the deploying command runs from. */
export const CONTRACTS: string = join(import.meta.dirname, '../../../../contracts')

/** Deploys the six contracts by the command that the docs name, and reads back where they are. */
export async function deploy(options: deploy.Options): Promise<Deployment> {
  const { chainId, environment, rpcUrl, signal } = options
  await access(CONTRACTS, constants.W_OK).catch((cause: unknown) => {
    throw new UsageError(
      `The contracts are compiled in ${CONTRACTS}, which cannot be written to; work on a copy of yours.`,
      { cause },
    )
  })
  const args = ['script', 'script/DeployCompute.s.sol', '--rpc-url', rpcUrl, '--broadcast']
  try {
    await promisify(execFile)(foundry('forge'), args, {
      cwd: CONTRACTS,
      env: { ...environment, PATH: `${dirname(process.execPath)}${delimiter}${environment['PATH'] ?? ''}` },
      maxBuffer: 64 * 1024 * 1024,
      ...(signal ? { signal } : {}),
    })
  } catch (cause) {
    throw new DeployFailedError({ cause })
  }
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

  constructor({ cause }: { cause: unknown }) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string }
    super(
      `The contracts could not be deployed; forge said:\n${`${stdout}\n${stderr}`.trim().slice(-2_000)}`,
      { cause },
    )
  }
}
