import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import ssh2, { type AuthContext, type Connection, type ParsedKey } from 'ssh2'
import type { Log } from '../../log.ts'
import type { Runtime } from '../runtime/Runtime.ts'
import type { HostKey } from './hostKey.ts'
import { serveFiles } from './serveFiles.ts'
import { serveShell } from './serveShell.ts'

const LOGIN_GRACE_MS = 30_000
const MOST_CONNECTIONS = 512
const MOST_STRANGERS_PER_ADDRESS = 32
const MOST_CONNECTIONS_PER_SESSION = 32
const MOST_TRIES = 8
const MOST_CHANNELS = 16

/**
 * The SSH server in front of all machines: the user name is the session's id, the key is the session's. Images need
 * no SSH server of their own, only a shell.
 */
export type Gateway = {
  readonly port: number
  /** Cuts the connections of a session that is over. */
  endSession(sessionId: bigint): void
  close(): Promise<void>
}

/** Listens, and lets in whoever holds a session's key. Strangers have 30 seconds to log in. */
export async function openGateway(options: openGateway.Options): Promise<Gateway> {
  const guests = new Map<Connection, bigint>()
  const sockets = new Set<Socket>()
  const known = new WeakSet<Socket>()
  const ssh = new ssh2.Server({
    hostKeys: [options.hostKey.privateKey],
    ident: 'jeju-compute',
    keepaliveCountMax: 4,
    keepaliveInterval: 30_000,
  })
  ssh.on('connection', (connection: Connection, { ip, port }: { ip: string; port: number }) => {
    serve(connection, options, (sessionId) => {
      const alike = [...guests.values()].filter((guest) => guest === sessionId)
      if (alike.length >= MOST_CONNECTIONS_PER_SESSION) return void connection.end()
      guests.set(connection, sessionId)
      connection.once('close', () => guests.delete(connection))
      for (const socket of sockets)
        if (socket.remotePort === port && socket.remoteAddress === ip) known.add(socket)
    })
  })

  const server = createServer({ noDelay: true }, (socket) => {
    const strangers = [...sockets].filter((one) => !known.has(one))
    const alike = strangers.filter((one) => networkOf(one) === networkOf(socket))
    if (alike.length >= MOST_STRANGERS_PER_ADDRESS) return void socket.destroy()
    if (sockets.size >= MOST_CONNECTIONS) {
      // The one that has taken longest makes room: a crowd of strangers keeps no renter out.
      const [oldest] = strangers
      if (oldest === undefined) return void socket.destroy()
      oldest.destroy()
      sockets.delete(oldest)
    }
    sockets.add(socket)
    const grace = setTimeout(() => known.has(socket) || socket.destroy(), LOGIN_GRACE_MS)
    socket.on('error', () => {})
    socket.once('close', () => {
      clearTimeout(grace)
      sockets.delete(socket)
    })
    ssh.injectSocket(socket)
  })
  server.listen(options.port, options.host)
  await once(server, 'listening')

  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
    endSession(sessionId) {
      for (const [connection, guest] of guests) if (guest === sessionId) connection.end()
    },
    port: (server.address() as AddressInfo).port,
  }
}

export declare namespace openGateway {
  type Options = {
    host: string
    port: number
    hostKey: HostKey
    log: Log
    runtime: Runtime
    /** The key that may enter a session now; undefined if nobody may. */
    keyOf(sessionId: bigint): ParsedKey | undefined
  }
}

/** Who has an IPv6 address has 2^64 of them. */
function networkOf({ remoteAddress = '' }: Socket): string {
  if (!remoteAddress.includes(':') || remoteAddress.startsWith('::ffff:')) return remoteAddress
  const [start = '', end = ''] = remoteAddress.split('::')
  const [head, tail] = [start, end].map((half) => half.split(':').filter((group) => group !== '')) as [
    string[],
    string[],
  ]
  const zeros = Array<string>(8 - head.length - tail.length).fill('0')
  return [...head, ...zeros, ...tail].slice(0, 4).join(':')
}

function serve(
  connection: Connection,
  options: openGateway.Options,
  onEnter: (sessionId: bigint) => void,
): void {
  const { keyOf, log, runtime } = options
  let sessionId = 0n
  let tries = 0
  // What a stranger sends wrong ends his own connection and nothing else.
  connection.on('error', () => connection.end())
  connection.on('authentication', (context) => {
    const wanted = /^[1-9]\d{0,18}$/.test(context.username) ? BigInt(context.username) : 0n
    if (++tries > MOST_TRIES) connection.end()
    else if (!isSigned(context, wanted === 0n ? undefined : keyOf(wanted))) context.reject(['publickey'])
    else {
      sessionId = wanted
      context.accept()
    }
  })
  connection.once('ready', () => {
    log.info('renter logged in', { sessionId })
    onEnter(sessionId)
    let open = 0
    connection.on('session', (accept, reject) => {
      if (open >= MOST_CHANNELS || keyOf(sessionId) === undefined) return reject()
      open++
      const session = accept()
      session.once('close', () => open--)
      serveShell(session, { log, runtime, sessionId })
      serveFiles(session, { connection, log, runtime, sessionId })
    })
  })
}

/** Whether the client showed that it holds the key. Asking first whether a key would do is part of the protocol. */
function isSigned(context: AuthContext, key: ParsedKey | undefined): boolean {
  if (context.method !== 'publickey' || key === undefined) return false
  if (!key.getPublicSSH().equals(context.key.data)) return false
  if (context.signature === undefined) return true
  return context.blob !== undefined && key.verify(context.blob, context.signature, context.hashAlgo) === true
}
