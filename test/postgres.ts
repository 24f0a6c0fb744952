import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import { freePorts } from './jejuCompute.ts'

/** A PostgreSQL of a test's own, in a folder of its own, on a free port of loopback. */
export type Postgres = {
  /** `postgres://…` of an empty database. */
  url: string
  /** Ends it as if its machine lost power, and starts it again at the same address after `ms`. */
  crash(ms?: number): Promise<void>
  /** One statement, by itself. */
  query<Row = Record<string, unknown>>(sql: string): Promise<Row[]>
  close(): Promise<void>
}

/** Starts one. It ends with this process at the latest. */
export async function startPostgres(): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), 'jeju-postgres-'))
  const who = userFor(folder)
  const data = join(folder, 'data')
  const own = { ...who, cwd: folder, env: { LC_ALL: 'C', PATH: process.env['PATH'] } }
  const initdb = [
    '--pgdata',
    data,
    '--username',
    'keeper',
    '--auth',
    'trust',
    '--encoding',
    'UTF8',
    '--no-sync',
  ]
  execFileSync(binary('initdb'), initdb, { ...own, stdio: 'pipe' })
  const [port = 0] = await freePorts(1)
  const url = `postgres://keeper@127.0.0.1:${port}/postgres`

  const settings = ['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories=', 'fsync=off']
  const start = async () => {
    const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])]
    const child = spawn('sh', ['-c', TETHERED, binary('postgres'), ...args], {
      ...own,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    await answering(child, url)
    return child
  }
  let child = await start()
  return {
    async close() {
      child.stdin?.end()
      if (child.exitCode === null) await once(child, 'exit')
      rmSync(folder, { force: true, recursive: true })
    },
    async crash(ms = 0) {
      const [pid] = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
      const exited = once(child, 'exit')
      process.kill(Number(pid), 'SIGQUIT')
      child.stdin?.end()
      await exited
      await wait(ms)
      child = await start()
    },
    query: (sql) => query(url, sql),
    url,
  }
}

/** Ends the server when its standard input does: with this process, however that ends. */
const TETHERED = '"$0" "$@" </dev/null & cat >/dev/null; kill -INT $! 2>/dev/null; wait $!'

/** PostgreSQL refuses root: then it runs as the user of Debian's package, or as nobody. */
function userFor(folder: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  const line = ['postgres:', 'nobody:']
    .map((name) => users.find((user) => user.startsWith(name)))
    .find(Boolean)
  const [, , uid = '65534', gid = '65534'] = line?.split(':') ?? []
  chownSync(folder, Number(uid), Number(gid))
  chmodSync(folder, 0o700)
  return { gid: Number(gid), uid: Number(uid) }
}

/** Debian keeps them out of the PATH. */
function binary(name: 'initdb' | 'postgres'): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const found = [...folders, ...globSync('/usr/lib/postgresql/*/bin').sort().reverse()]
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path))
  if (found === undefined)
    throw new Error(`There is no ${name} here: install PostgreSQL (Debian: postgresql).`)
  return found
}

async function answering(child: ChildProcess, url: string): Promise<void> {
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk
  })
  child.stdout?.resume()
  for (const deadline = Date.now() + 30_000; ; await wait(50)) {
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`PostgreSQL did not start:\n${said}`)
    if (await query(url, 'SELECT 1').catch(() => undefined)) return
  }
}

async function query<Row>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(sql)).rows as Row[]
  } finally {
    await client.end()
  }
}
