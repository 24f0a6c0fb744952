import { execFile } from 'node:child_process'
import { readdir, readFile, statfs } from 'node:fs/promises'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { constrainedMemory } from 'node:process'
import { promisify } from 'node:util'
import type { Log } from '../log.ts'
import { type Gpus, parseNvidiaSmi, printable } from './nvidia.ts'

const run = promisify(execFile)
const MIB = 1024 * 1024

/**
 * What this host has. The contracts read `gpuCount` and `gpuModel`, which count one model: the most numerous one.
 * Only what stays the same from start to start belongs here, since a change costs a transaction.
 */
export type Hardware = {
  cpu: { arch: string; cores: number; model: string }
  diskGiB: number
  gpuCount: number
  gpuModel: string
  gpus: readonly Gpus[]
  memoryMiB: number
  /** The fastest link that says its speed; 0 if none does. */
  network: { mbps: number }
  nvidia?: { cuda: string; driver: string }
  /** Confidential computing that the host shows proof of. */
  tee: 'none'
  version: 1
}

/** Looks at this host. Without `nvidia-smi`, or where that fails, it has no GPU. */
export async function detectHardware(options: detectHardware.Options): Promise<Hardware> {
  const { dataDir, log, signal } = options
  const [{ blocks, bsize }, mbps, nvidia] = await Promise.all([
    statfs(dataDir),
    fastestLink(),
    readNvidia({ log, signal }),
  ])
  const memory = Math.min(totalmem(), constrainedMemory() || Number.POSITIVE_INFINITY)
  const { gpus = [], ...driver } = nvidia ?? {}
  const main = gpus.toSorted((a, b) => b.count - a.count)[0]
  return {
    cpu: { arch: process.arch, cores: availableParallelism(), model: printable(cpus()[0]?.model ?? '', 96) },
    diskGiB: Math.floor((blocks * bsize) / MIB / 1024),
    gpuCount: main?.count ?? 0,
    gpuModel: main?.model ?? '',
    gpus,
    memoryMiB: Math.floor(memory / MIB),
    network: { mbps },
    ...('driver' in driver ? { nvidia: driver } : {}),
    tee: 'none',
    version: 1,
  }
}

export declare namespace detectHardware {
  /** The disk counted is the one that holds `dataDir`. */
  type Options = { dataDir: string; log: Log; signal: AbortSignal }
}

/** What this host has, written down in the one way: compact JSON with sorted keys, as `/v1/hardware` prints it and the chain holds it. */
export async function hardwareClaim(options: detectHardware.Options): Promise<string> {
  return canonical(await detectHardware(options))
}

/** Compact JSON with sorted keys. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

async function readNvidia({ log, signal }: { log: Log; signal: AbortSignal }) {
  const options = { maxBuffer: 16 * MIB, signal, timeout: 20_000 }
  try {
    const { stdout: xml } = await run('nvidia-smi', ['-q', '-x'], options)
    // An old driver has no such command, and no such mode.
    const conf = await run('nvidia-smi', ['conf-compute', '-q'], options).catch(() => ({ stdout: '' }))
    return parseNvidiaSmi(xml, { confCompute: conf.stdout })
  } catch (error) {
    signal.throwIfAborted()
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (!absent) log.warn('nvidia-smi does not work, so no GPU is offered', { error })
    return undefined
  }
}

async function fastestLink(): Promise<number> {
  const root = '/sys/class/net'
  const links = await readdir(root).catch(() => [])
  const speeds = links.map(async (link) =>
    Number(await readFile(`${root}/${link}/speed`, 'utf8').catch(() => '0')),
  )
  return Math.max(0, ...(await Promise.all(speeds)).filter(Number.isFinite))
}
