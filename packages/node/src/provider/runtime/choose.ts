import { availableParallelism, totalmem } from 'node:os'
import { ComputeError } from '@jejunetwork/sdk'
import type { Log } from '../../log.ts'
import { type Limits, type Owner, openDocker, openDockerRuntime } from './docker.ts'
import { chooseImage } from './image.ts'
import { openProcessRuntime } from './process.ts'
import type { Runtime } from './Runtime.ts'

const SOCKET = '/var/run/docker.sock'
const FEWEST_MACHINES = 4
const PROCESSES = 512

export type RuntimeConfig = {
  dataDir: string
  /** `auto`: Docker if its socket answers, else plain processes, on a development chain alone. */
  runtime?: 'docker' | 'process' | 'auto'
  dockerSocket?: string
  /** The image of every machine; without it, what is there. */
  image?: string
  /** So many machines at once; by default one per core, at least four. */
  machines?: number
  /** What each machine may use; by default one core, and an equal share of three quarters of the memory. */
  limits?: Limits
}

/** Finds out what machines can be made of, before anything is promised on chain. */
export async function chooseRuntime(
  config: RuntimeConfig,
  options: chooseRuntime.Options,
): Promise<chooseRuntime.Choice> {
  const { dataDir, dockerSocket = SOCKET, image, runtime = 'auto' } = config
  const { chainId, log } = options
  const capacity = config.machines ?? Math.max(FEWEST_MACHINES, availableParallelism())
  const docker = runtime === 'process' ? undefined : await openDocker(dockerSocket)
  if (docker === undefined) {
    if (runtime === 'docker') throw new DockerMissingError({ dockerSocket })
    const opened = openProcessRuntime({ chainId, dataDir, log })
    return { capacity, open: () => opened }
  }

  const chosen = await chooseImage(docker, { ...options, image })
  const limits = config.limits ?? {
    cpus: 1,
    memoryBytes: Math.floor((totalmem() * 0.75) / capacity),
    processes: PROCESSES,
  }
  log.info('machines are containers', { capacity, image: chosen, ...limits })
  return { capacity, open: (owner) => openDockerRuntime({ docker, image: chosen, limits, owner }) }
}

export declare namespace chooseRuntime {
  type Options = {
    chainId: number
    log: Log
    onProgress?: ((message: string) => void) | undefined
    signal: AbortSignal
  }
  type Choice = { capacity: number; open(owner: Owner): Runtime }
}

/** Docker was asked for and does not answer. */
export class DockerMissingError extends ComputeError {
  override readonly name = 'DockerMissingError'
  override readonly retryable = true

  constructor({ dockerSocket }: { dockerSocket: string }) {
    super(`Docker does not answer at ${dockerSocket}: start it, and let this user open the socket.`)
  }
}
