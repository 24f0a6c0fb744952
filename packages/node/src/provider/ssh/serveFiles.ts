import type { Attributes, Connection, Session } from 'ssh2'
import ssh2 from 'ssh2'
import type { Log } from '../../log.ts'
import type { Runtime } from '../runtime/Runtime.ts'
import { type FileAgent, FileError, openFileAgent } from './fileAgent.ts'
import {
  type Ask,
  entryOf,
  type Handle,
  openFile,
  parseStat,
  readFrom,
  setAttributes,
  writeTo,
} from './files.ts'

const { STATUS_CODE } = ssh2.utils.sftp

const MOST_HANDLES = 128

/** So many bytes of requests may wait for the machine; then nothing is read from the connection until few are left. */
const MOST_WAITING = 4 << 20
const FEW_WAITING = 1 << 20
const SMALLEST_REQUEST = 64

/** So many bytes of answers may wait for a client that does not take them. OpenSSH asks for two million at once. */
const MOST_UNSENT = 16 << 20

/** What ssh2 gives on `sftp`, as far as it is used here; its types know the client's side alone. */
type Sftp = {
  outgoing: { id: number }
  // biome-ignore lint/suspicious/noExplicitAny: each request has arguments of its own.
  on(event: string, listener: (id: number, ...rest: any[]) => void): void
  status(id: number, code: number, message?: string): void
  handle(id: number, handle: Buffer): void
  data(id: number, data: Buffer): void
  name(id: number, names: { filename: string; longname: string; attrs: Attributes | object }[]): void
  attrs(id: number, attrs: Attributes): void
  end(): void
  /** Answers that the client has not made room for. */
  _buffer: Buffer[]
}

type Internals = {
  _protocol: { exitStatus(channel: number, status: number): void }
  _sock: { pause(): void; resume(): void }
}

/** Does what a request asks for, and gives back how to answer it. */
// biome-ignore lint/suspicious/noExplicitAny: each request has arguments of its own.
type On = (event: string, work: (...rest: any[]) => Promise<(id: number) => void>) => void

/** Serves `scp` and `sftp`: the protocol here, the work by a shell on the machine. */
export function serveFiles(session: Session, options: serveFiles.Options): void {
  const { log, runtime, sessionId } = options
  const connection = options.connection as unknown as Internals
  session.on('sftp', (accept) => {
    // Undefined: the channel serves something else already.
    const sftp = accept() as unknown as Sftp | undefined
    if (sftp === undefined) return
    let agent: Promise<FileAgent> | undefined
    const ask: Ask = async (...request) => {
      agent ??= openFileAgent(runtime, sessionId)
      return (await agent).ask(...request)
    }
    const close = () => void agent?.then((opened) => opened.close()).catch(() => {})
    session.once('close', close)
    for (const event of ['error', 'close', 'end']) sftp.on(event, close)
    sftp.on('end', () => {
      // Warning: scp takes the lack of an exit status as a failure, and ssh2 sends one for commands alone.
      connection._protocol.exitStatus(sftp.outgoing.id, 0)
      sftp.end()
    })

    // One after the other: each answer of the machine belongs to one request.
    let last: Promise<unknown> = Promise.resolve()
    let waiting = 0
    const on: On = (event, work) =>
      sftp.on(event, (id, ...rest) => {
        // Warning: ssh2 may use the memory of a packet again before its turn comes.
        const kept = rest.map((value) => (Buffer.isBuffer(value) ? Buffer.from(value) : value))
        const size = kept.reduce(
          (sum, value) => sum + (Buffer.isBuffer(value) ? value.length : 0),
          SMALLEST_REQUEST,
        )
        // Warning: ssh2 gives the client room for more whether or not anything was done with what came.
        waiting += size
        if (waiting > MOST_WAITING) connection._sock.pause()
        const answer = last.then(async () => {
          if (unsent(sftp) > MOST_UNSENT) return void options.connection.end()
          const send = await work(...kept)
          send(id)
        })
        last = answer
          .catch((error: unknown) => {
            if (!(error instanceof FileError)) log.warn('file transfer failed', { error, sessionId })
            sftp.status(id, codeOf(error), error instanceof Error ? error.message : '')
          })
          .catch((error: unknown) => log.warn('file transfer broke off', { error, sessionId }))
          .finally(() => {
            waiting -= size
            if (waiting < FEW_WAITING) connection._sock.resume()
          })
      })
    serveNames(sftp, { ask, on })
    serveHandles(sftp, { ask, on })
  })
}

export declare namespace serveFiles {
  type Options = { connection: Connection; log: Log; runtime: Runtime; sessionId: bigint }
}

/** Requests that name a path. */
function serveNames(sftp: Sftp, { ask, on }: { ask: Ask; on: On }): void {
  const done = async (work: Promise<unknown>) => {
    await work
    return (id: number) => sftp.status(id, STATUS_CODE.OK)
  }
  const attributes = async (op: string, path: string) => {
    const { attrs } = parseStat((await ask(op, path)).lines[0])
    return (id: number) => sftp.attrs(id, attrs)
  }
  const name = async (op: string, path: string) => {
    const [filename = ''] = (await ask(op, path)).lines
    return (id: number) => sftp.name(id, [{ attrs: {}, filename, longname: filename }])
  }

  on('REALPATH', (path: string) => name(path === '.' || path === '' ? 'home' : 'path', path))
  on('READLINK', (path: string) => name('link', path))
  on('STAT', (path: string) => attributes('stat', path))
  on('LSTAT', (path: string) => attributes('lstat', path))
  on('REMOVE', (path: string) => done(ask('rm', path)))
  on('RMDIR', (path: string) => done(ask('rmdir', path)))
  on('RENAME', (from: string, to: string) => done(ask('mv', from, { b: to })))
  on('SYMLINK', (link: string, target: string) => done(ask('ln', target, { b: link })))
  on('SETSTAT', (path: string, attrs: Attributes) => done(setAttributes(ask, path, attrs)))
  on('MKDIR', async (path: string, attrs: Attributes) => {
    await ask('mkdir', path)
    return done(setAttributes(ask, path, attrs))
  })
}

/** Requests about something opened. */
function serveHandles(sftp: Sftp, { ask, on }: { ask: Ask; on: On }): void {
  const handles = new Map<string, Handle>()
  let opened = 0
  const open = (handle: Handle) => (id: number) => {
    const name = Buffer.from(String(++opened))
    handles.set(name.toString(), handle)
    sftp.handle(id, name)
  }
  const of = (name: Buffer): Handle => {
    const handle = handles.get(name.toString())
    if (handle === undefined) throw new FileError('Invalid handle')
    return handle
  }
  const mayOpen = () => {
    if (handles.size >= MOST_HANDLES) throw new FileError('Too many open files')
  }
  const ok = (id: number) => sftp.status(id, STATUS_CODE.OK)

  on('OPEN', async (path: string, flags: number, attrs: Attributes) => {
    mayOpen()
    return open(await openFile(ask, { attrs, flags, path }))
  })
  on('OPENDIR', async (path: string) => {
    mayOpen()
    await ask('stat', path)
    return open({ kind: 'folder', listed: false, path })
  })
  on('READDIR', async (name: Buffer) => {
    const handle = of(name)
    if (handle.kind !== 'folder') throw new FileError('Not a directory')
    if (handle.listed) return (id) => sftp.status(id, STATUS_CODE.EOF)
    const { lines } = await ask('list', handle.path)
    handle.listed = true
    return (id) => sftp.name(id, lines.flatMap(entryOf))
  })
  on('READ', async (name: Buffer, offset: number, length: number) => {
    const data = await readFrom(ask, of(name), { length, offset })
    return (id) => (data.length === 0 ? sftp.status(id, STATUS_CODE.EOF) : sftp.data(id, data))
  })
  on('WRITE', async (name: Buffer, offset: number, bytes: Buffer) => {
    await writeTo(ask, of(name), { bytes, offset })
    return ok
  })
  on('FSTAT', async (name: Buffer) => {
    const { attrs } = parseStat((await ask('stat', of(name).path)).lines[0])
    return (id) => sftp.attrs(id, attrs)
  })
  on('FSETSTAT', async (name: Buffer, attrs: Attributes) => {
    await setAttributes(ask, of(name).path, attrs)
    return ok
  })
  on('CLOSE', async (name: Buffer) => {
    if (!handles.delete(name.toString())) throw new FileError('Invalid handle')
    return ok
  })
}

function unsent({ _buffer }: Sftp): number {
  return _buffer.reduce((sum, { length }) => sum + length, 0)
}

function codeOf(error: unknown): number {
  const text = error instanceof Error ? error.message : ''
  if (/no such file|does not exist/i.test(text)) return STATUS_CODE.NO_SUCH_FILE
  if (/permission denied|not permitted|read-only/i.test(text)) return STATUS_CODE.PERMISSION_DENIED
  return STATUS_CODE.FAILURE
}
