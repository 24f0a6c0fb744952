import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const LISTENING = '0A'

/** The command line of a process; undefined if there is no such process. */
export function commandOf(pid: number): string | undefined {
  try {
    const command =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        : execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
    return command.trim() || undefined
  } catch {
    return undefined
  }
}

/** Who listens on a TCP port of this machine, where Linux lets this user see it. */
export function listenerOn(port: number): { pid: number; command: string } | undefined {
  if (process.platform !== 'linux') return undefined
  const sockets = new Set([...socketsOn('/proc/net/tcp', port), ...socketsOn('/proc/net/tcp6', port)])
  if (sockets.size === 0) return undefined
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry)
    if (Number.isInteger(pid) && holdsOneOf(pid, sockets)) return { pid, command: commandOf(pid) ?? '' }
  }
  return undefined
}

function socketsOn(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  const rows = read(table)
    .split('\n')
    .slice(1)
    .map((row) => row.trim().split(/\s+/))
  return rows.flatMap(([, local, , state, , , , , , inode]) =>
    local?.endsWith(`:${wanted}`) && state === LISTENING && inode ? [`socket:[${inode}]`] : [],
  )
}

function holdsOneOf(pid: number, sockets: ReadonlySet<string>): boolean {
  const directory = `/proc/${pid}/fd`
  try {
    return readdirSync(directory).some((file) => sockets.has(link(`${directory}/${file}`)))
  } catch {
    return false
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
