import ssh2, { type Attributes } from 'ssh2'
import { type FileAgent, FileError, LONGEST_READ } from './fileAgent.ts'

const { OPEN_MODE } = ssh2.utils.sftp

/** The end of the year 9999: no calendar knows what some file systems can hold. */
const LATEST = 253_402_300_799

export type Ask = FileAgent['ask']

/** What a client has open. `ahead` was read before it was asked for. */
export type Handle =
  | { kind: 'folder'; path: string; listed: boolean }
  | { kind: 'file'; path: string; append: boolean; ahead: { offset: number; data: Buffer } }

export async function openFile(
  ask: Ask,
  { attrs, flags, path }: { attrs: Attributes; flags: number; path: string },
): Promise<Handle> {
  const has = (flag: number) => (flags & flag) !== 0
  const writes = has(OPEN_MODE.WRITE) || has(OPEN_MODE.APPEND)
  if (writes && has(OPEN_MODE.CREAT)) {
    const made = await ask('make', path).then(
      () => true,
      (error: unknown) => {
        if (has(OPEN_MODE.EXCL)) throw error
        return false
      },
    )
    if (made) await setAttributes(ask, path, attrs)
  }
  await ask('open', path, { b: writes ? 'w' : 'r' })
  if (writes && has(OPEN_MODE.TRUNC)) await ask('clear', path)
  return { ahead: { data: Buffer.alloc(0), offset: 0 }, append: has(OPEN_MODE.APPEND), kind: 'file', path }
}

/** Reads ahead, since clients ask for a file in small pieces, one after the other. */
export async function readFrom(
  ask: Ask,
  handle: Handle,
  { length, offset }: { length: number; offset: number },
): Promise<Buffer> {
  if (handle.kind !== 'file') throw new FileError('Is a directory')
  const ahead = () => handle.ahead.data.subarray(Math.max(0, offset - handle.ahead.offset))
  const isAhead = () => offset >= handle.ahead.offset && ahead().length > 0
  if (!isAhead()) {
    const { data } = await ask('read', handle.path, { b: offset, c: LONGEST_READ })
    handle.ahead = { data, offset }
  }
  return ahead().subarray(0, Math.min(length, LONGEST_READ))
}

export async function writeTo(
  ask: Ask,
  handle: Handle,
  { bytes, offset }: { bytes: Buffer; offset: number },
): Promise<void> {
  if (handle.kind !== 'file') throw new FileError('Is a directory')
  if (bytes.length === 0) return
  let at: number | bigint = offset
  if (handle.append) at = parseStat((await ask('stat', handle.path)).lines[0]).attrs.size
  handle.ahead = { data: Buffer.alloc(0), offset: 0 }
  await ask('write', handle.path, { b: at, bytes, c: bytes.length })
}

export async function setAttributes(ask: Ask, path: string, attrs: Partial<Attributes>): Promise<void> {
  if (attrs.size !== undefined) await ask('cut', path, { b: attrs.size })
  if (attrs.uid !== undefined && attrs.gid !== undefined)
    await ask('chown', path, { b: `${attrs.uid}:${attrs.gid}` })
  if (attrs.mode !== undefined) await ask('chmod', path, { b: (attrs.mode & 0o7777).toString(8) })
  if (attrs.mtime !== undefined) await ask('touch', path, { b: Number(attrs.mtime) })
}

/** `%f %s %u %g %X %Y`, and what follows. */
export function parseStat(line = ''): { attrs: Attributes; rest: string } {
  const match = /^([0-9a-f]+) (\d+) (\d+) (\d+) (-?\d+) (-?\d+) ?(.*)$/.exec(line)
  if (match === null) throw new FileError('the machine gave no file attributes')
  const [, mode = '', size, uid, gid, atime, mtime, rest = ''] = match
  const numbers = {
    atime: Number(atime),
    gid: Number(gid),
    mtime: Number(mtime),
    size: Number(size),
    uid: Number(uid),
  }
  return { attrs: { ...numbers, mode: Number.parseInt(mode, 16) }, rest }
}

/** Warning: a name with a line break in it spans lines that are no entries, and is left out. */
export function entryOf(line: string): { attrs: Attributes; filename: string; longname: string }[] {
  if (!/^[0-9a-f]+( -?\d+){5} \.(\/|$)/.test(line)) return []
  const { attrs, rest } = parseStat(line)
  const filename = rest.replace(/^\.\//, '')
  const kind = (attrs.mode & 0o170000) === 0o040000 ? 'd' : '-'
  const seconds = Math.min(Math.max(attrs.mtime, 0), LATEST)
  const when = new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')
  const longname = `${kind}${(attrs.mode & 0o777).toString(8)} ${attrs.uid} ${attrs.gid} ${attrs.size} ${when} ${filename}`
  return [{ attrs, filename, longname }]
}
