import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
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

/** Our entry among the kernel's. It is kept: one that a crash left is taken up again. */
const ENTRY = 'jeju-compute'
const TEES = { sev_guest: 'sev-snp', tdx_guest: 'tdx' } as const
const LONGEST = 64 * 1024
const TRIES = 5

/**
 * Has the TEE sign 64 bytes, by the kernel's configfs-tsm: write `inblob`, read `outblob`, and see by `generation` that
 * nobody wrote in between. Fails with `NoTeeError` where this machine has none.
 */
export async function readReport(folder: string, reportData: Uint8Array): Promise<Report> {
  const entry = await openEntry(folder)
  for (let left = TRIES; left > 0; left--) {
    const before = await generation(entry)
    const file = await open(join(entry, 'inblob'), 'r+')
    try {
      // In one write: the kernel takes each as the whole.
      await file.write(reportData, 0, reportData.length, 0)
    } finally {
      await file.close()
    }
    const report = await bytes(join(entry, 'outblob'))
    const certificates = await bytes(join(entry, 'auxblob')).catch(() => new Uint8Array())
    if ((await generation(entry)) !== before + 1) continue
    return { certificates, report, tee: await teeOf(entry) }
  }
  throw new NoTeeError(`Others keep writing to ${entry}, so its reports are not this node's`)
}

/** This machine gives no TEE report; the sentence says why. */
export class NoTeeError extends ComputeError {
  override readonly name = 'NoTeeError'

  constructor(why: string, options?: ErrorOptions) {
    super(`${why}.`, options)
  }
}

async function openEntry(folder: string): Promise<string> {
  const entry = join(folder, ENTRY)
  try {
    await mkdir(entry)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    if (code === 'ENOENT')
      throw new NoTeeError(`There is no ${folder}: the machine is no TEE guest`, { cause })
    if (code !== 'EEXIST') throw new NoTeeError(`${folder} cannot be used (${code})`, { cause })
  }
  return entry
}

async function generation(entry: string): Promise<number> {
  return Number.parseInt(await readFile(join(entry, 'generation'), 'utf8'), 10)
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
      if (length > LONGEST) throw new NoTeeError(`${path} does not end`)
    }
  } finally {
    await file.close()
  }
}
