import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { UsageError } from './errors.ts'
import { type TeeRoots, teeRoots } from './teeRoots.ts'

/** What the environment says. The only reader of `process.env` in this package. */
export type Config = {
  /** Where this command line keeps things: chain, journal, keys. */
  home: string
  rpcUrl: string
  /** A JSON file with the contracts' addresses, over the ones known. */
  deploymentFile: string | undefined
  privateKey: string | undefined
  keystore: string
  password: string | undefined
  /** A PostgreSQL that several keepers share. */
  database: string | undefined
  /** Path of the container engine's socket. */
  dockerSocket: string
  /** The image of rented machines. */
  image: string | undefined
  runtime: 'auto' | 'docker' | 'process'
  /** A service of Intel's collateral, instead of Intel's own. */
  pccsUrl: string | undefined
  /** A service of AMD's certificates, instead of AMD's own. */
  kdsUrl: string | undefined
  /** A service of NVIDIA's revocations, by OCSP, instead of NVIDIA's own. */
  ocspUrl: string | undefined
  /** Root keys to trust in vendors' places, on a chain for tests. */
  teeRoots: TeeRoots
  /** The repository that this runs from; undefined when installed from npm. */
  checkout: string | undefined
  userHome: string
  /** The process of npm that started this one, as a child that must not outlive it. */
  npmProcess: number | undefined
  /** For the processes that this one starts. */
  environment: NodeJS.ProcessEnv
}

export const LOCAL_RPC_URL = 'http://127.0.0.1:6546'

/** Reads the environment; what is wrong in it is a `UsageError`. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const root = join(import.meta.dirname, '../../../..')
  const checkout = existsSync(join(root, 'packages/contracts/foundry.toml')) ? root : undefined
  const userHome = environment['HOME'] || homedir()
  const home = resolve(environment['JEJU_HOME'] || join(checkout ?? userHome, '.jeju'))
  return {
    home,
    rpcUrl: environment['JEJU_RPC_URL'] || LOCAL_RPC_URL,
    deploymentFile: environment['JEJU_DEPLOYMENT'] || undefined,
    privateKey: environment['JEJU_PRIVATE_KEY'] || undefined,
    keystore: environment['JEJU_KEYSTORE'] || join(home, 'wallet.json'),
    password: environment['JEJU_PASSWORD'],
    database: environment['JEJU_DATABASE'] || undefined,
    dockerSocket: dockerSocket(environment['DOCKER_HOST']),
    image: environment['JEJU_IMAGE'] || undefined,
    runtime: runtime(environment['JEJU_RUNTIME']),
    pccsUrl: environment['JEJU_PCCS_URL'] || undefined,
    kdsUrl: environment['JEJU_KDS_URL'] || undefined,
    ocspUrl: environment['JEJU_OCSP_URL'] || undefined,
    teeRoots: teeRoots(environment['JEJU_TEE_ROOT']),
    checkout,
    userHome,
    npmProcess: environment['npm_lifecycle_event'] === undefined ? undefined : parent(environment),
    environment,
  }
}

/** Advice with commands of this command line in it, called as the person calls it: ready to paste. */
export function asCalled(text: string, { JEJU_COMMAND: command }: NodeJS.ProcessEnv = process.env): string {
  return command ? text.replace(/(?<![\w./-])jeju-compute(?= [a-z])/g, () => command) : text
}

/** Who started this process. Its launcher, whose place it took, knew before it could die. */
function parent({ JEJU_LAUNCH = '' }: NodeJS.ProcessEnv): number {
  const [own, of] = JEJU_LAUNCH.split(' ').map(Number)
  return of !== undefined && own === process.pid ? of : process.ppid
}

function dockerSocket(host: string | undefined): string {
  if (!host) return '/var/run/docker.sock'
  if (host.startsWith('unix://')) return host.slice('unix://'.length)
  throw new UsageError(`DOCKER_HOST must name a socket on this machine, as unix:///path; it is ${host}.`)
}

function runtime(name: string | undefined): Config['runtime'] {
  if (!name) return 'auto'
  if (name === 'auto' || name === 'docker' || name === 'process') return name
  throw new UsageError(`JEJU_RUNTIME is one of auto, docker, process; it is ${name}.`)
}
