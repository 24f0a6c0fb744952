import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The processes of a machine: those that carry its mark in their environment, and those in the session of a shell
 * noted under `started`, which may have wiped theirs. Zombies do not count.
 */
export async function processesOf(machine: string): Promise<number[]> {
  const leaders = await leadersOf(machine)
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(
    pids.map(async (pid) => {
      const stat = parse(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''))
      if (stat === undefined || stat.state === 'Z' || pid === process.pid) return false
      if (leaders.has(stat.session)) return true
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
      return environment.split('\0').includes(`JEJU_MACHINE=${machine}`)
    }),
  )
  return pids.filter((_, index) => found[index])
}

/** The names of the machines in a folder that have processes, also of those that are not there any more. */
export async function machinesWithProcesses(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const mark = `JEJU_MACHINE=${folder}/`
  const names = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
      return environment
        .split('\0')
        .find((variable) => variable.startsWith(mark))
        ?.slice(mark.length)
    }),
  )
  return [...new Set(names.filter((name) => name !== undefined))]
}

/**
 * When a process started, in the kernel's ticks: with it, a process id means one process for ever. Undefined for one that
 * has ended, also where nobody has taken note of it yet.
 */
export function startOf(pid: number): string | undefined {
  try {
    const process = parse(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    return process?.state === 'Z' ? undefined : process?.start
  } catch {
    return undefined
  }
}

async function leadersOf(machine: string): Promise<Set<number>> {
  const folder = join(machine, 'started')
  const notes = (await readdir(folder).catch(() => [])).map(Number)
  const starts = await Promise.all(
    notes.map((pid) => readFile(join(folder, String(pid)), 'utf8').catch(() => '')),
  )
  return new Set(notes.filter((pid, index) => starts[index] !== '' && startOf(pid) === starts[index]))
}

/** Warning: a process chooses its own name, which stands in parentheses and may contain more of them. */
function parse(stat: string): { state: string; session: number; start: string } | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, , , session] = fields
  const start = fields[19]
  if (state === undefined || session === undefined || start === undefined) return undefined
  return { session: Number(session), start, state }
}
