import { constants } from 'node:fs'
import { mkdir, open, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { ComputeError } from '@jejunetwork/sdk'

/** Where Linux gives TEE reports since 6.7, once `configfs` is mounted and the guest's driver is loaded. */
export const TSM_REPORTS = '/sys/kernel/config/tsm/report'

/** What the kernel signed with. */
export type Report = {
  tee: 'sev-snp' | 'tdx'
  /** A TDX quote or a SEV-SNP report. */
  report: Uint8Array
  /** SEV-SNP: the certificates that the host gave along; empty where it gave none. */
  certificates: Uint8Array
}

/** Our entry among the kernel's. One that is there already, made by root for this node or left by a crash, is used. */
const ENTRY = 'jeju-compute'
const TEES = { sev_guest: 'sev-snp', tdx_guest: 'tdx' } as const
const LONGEST = 64 * 1024
const TRIES = 5
/** Two nodes that ask in step would spoil each other's question for ever; so long, at most, each waits before the next. */
const PAUSE_MS = 1_000
const REASONS: Readonly<Record<string, string>> = {
  EACCES: `the node may not use it, so let root make ${ENTRY} there and give it, and all in it, to the node's user`,
  EBUSY: 'the TEE is busy',
  EFBIG: 'the kernel has no room for so long a report',
  EIO: 'the host did not have it signed',
  ENXIO: "the guest's driver is gone",
  EROFS: 'it is read-only here; containers see it so',
  ETIMEDOUT: "the host's quoting service does not answer",
}

/** Fails with `NoTeeError` where this machine has no TEE to ask, before anything else is asked. */
export async function requireTee(folder: string): Promise<void> {
  const { entry, isNew } = await openEntry(folder)
  if (isNew) await close(entry)
}

/**
 * Has the TEE sign 64 bytes, by the kernel's configfs-tsm: write `inblob`, read `outblob`, and see by `generation` that
 * nobody wrote in between. Fails with `NoTeeError` where this machine has none, and `TeeReportError` where it gives none.
 */
export async function readReport(folder: string, reportData: Uint8Array): Promise<Report> {
  const { entry, isNew } = await openEntry(folder)
  try {
    for (let left = TRIES; left > 0; left--) {
      const report = await ask(entry, reportData)
      if (report) return report
      await wait(Math.random() * PAUSE_MS)
    }
  } catch (cause) {
    throw failure(cause)
  } finally {
    if (isNew) await close(entry)
  }
  throw new TeeReportError(`Others keep writing to ${entry}, so its reports are not this node's`)
}

/** This machine gives no TEE report; the sentence says why. */
export class NoTeeError extends ComputeError {
  override readonly name = 'NoTeeError'

  constructor(why: string, options?: ErrorOptions) {
    super(`${why}.`, options)
  }
}

/** This machine has a TEE, but no report could be had of it now. */
export class TeeReportError extends ComputeError {
  override readonly name = 'TeeReportError'
  override readonly retryable = true

  constructor(why: string, options?: ErrorOptions) {
    super(`${why}.`, options)
  }
}

/** The report, or undefined where it may be of what another wrote, or where the kernel did not take what was written. */
async function ask(entry: string, reportData: Uint8Array): Promise<Report | undefined> {
  const before = await generation(entry)
  const writes = (await setLevel(entry)) ? 2 : 1
  await writeOnly(join(entry, 'inblob'), reportData)
  const report = await bytes(join(entry, 'outblob'))
  const certificates = await optional(bytes(join(entry, 'auxblob')))
  const tee = await teeOf(entry)
  return (await generation(entry)) === before + writes
    ? { certificates: certificates ?? new Uint8Array(), report, tee }
    : undefined
}

/** A guest below its machine's highest privilege level (a paravisor is there) may ask for a report of its own level only. */
async function setLevel(entry: string): Promise<boolean> {
  const floor = (await optional(readFile(join(entry, 'privlevel_floor'), 'utf8')))?.trim() ?? '0'
  if (floor === '0') return false
  await writeFile(join(entry, 'privlevel'), floor, { flag: constants.O_WRONLY })
  return true
}

/**
 * Warning: the kernel refuses to open this file for reading, even to root; takes what was written once the file is closed;
 * and says nothing where it does not take it.
 */
async function writeOnly(path: string, data: Uint8Array): Promise<void> {
  const file = await open(path, constants.O_WRONLY)
  try {
    await file.write(data)
  } finally {
    await file.close()
  }
}

async function openEntry(folder: string): Promise<{ entry: string; isNew: boolean }> {
  const entry = join(folder, ENTRY)
  try {
    await mkdir(entry)
    return { entry, isNew: true }
  } catch (cause) {
    const code = codeOf(cause)
    if (code === 'EEXIST') return { entry, isNew: false }
    if (code === 'ENOENT')
      throw new NoTeeError(
        `There is no ${folder}: the machine is no TEE guest, or its kernel is older than 6.7, or configfs is not mounted`,
        { cause },
      )
    if (code === 'ENXIO')
      throw new NoTeeError(`Nothing gives reports in ${folder}: neither tdx_guest nor sev_guest is loaded`, {
        cause,
      })
    throw failure(cause)
  }
}

/** One that stays keeps the kernel from loading another driver; one that cannot be removed is used the next time. */
async function close(entry: string): Promise<void> {
  await rmdir(entry).catch((cause: unknown) => {
    if (codeOf(cause) === undefined) throw cause
  })
}

async function generation(entry: string): Promise<number> {
  const text = (await readFile(join(entry, 'generation'), 'utf8')).trim()
  if (/^\d+$/.test(text)) return Number(text)
  throw new TeeReportError(`${entry}/generation is no number: ${JSON.stringify(text.slice(0, 32))}`)
}

async function teeOf(entry: string): Promise<Report['tee']> {
  const provider = (await readFile(join(entry, 'provider'), 'utf8')).trim()
  if (provider === 'tdx_guest' || provider === 'sev_guest') return TEES[provider]
  throw new NoTeeError(`The kernel's reports are of ${provider || 'nobody'}, not of TDX or SEV-SNP`)
}

/** To its end, whatever length the file system says it has. */
async function bytes(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r')
  const parts: Buffer[] = []
  let length = 0
  try {
    for (;;) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(16 * 1024), 0, 16 * 1024)
      if (bytesRead === 0) return new Uint8Array(Buffer.concat(parts))
      parts.push(buffer.subarray(0, bytesRead))
      length += bytesRead
      if (length > LONGEST) throw new TeeReportError(`${path} is longer than ${LONGEST} bytes`)
    }
  } finally {
    await file.close()
  }
}

/** Undefined where this TEE's driver does not show the file. */
async function optional<T>(reading: Promise<T>): Promise<T | undefined> {
  return reading.catch((cause: unknown) => {
    if (codeOf(cause) === 'ENOENT') return undefined
    throw cause
  })
}

/** What a file did not do, for whoever runs the node; anything else is a bug, and stays what it is. */
function failure(cause: unknown): unknown {
  const code = codeOf(cause)
  if (code === undefined) return cause
  const reason = REASONS[code === 'EPERM' ? 'EACCES' : code]
  return new TeeReportError(`${pathOf(cause)} cannot be used (${code})${reason ? `: ${reason}` : ''}`, {
    cause,
  })
}

function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
}

function pathOf(cause: unknown): string {
  return cause instanceof Error && 'path' in cause ? String(cause.path) : 'The TEE'
}
