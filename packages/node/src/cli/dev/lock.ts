import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../errors.ts'
import { commandOf } from './processes.ts'

/** Makes this process the only local market of a folder. Gives back what releases it; a dead market's lock is taken over. */
export function holdFolder(home: string): () => void {
  const file = join(home, 'dev.lock')
  for (;;) {
    try {
      mkdirSync(home, { recursive: true })
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      return () => rmSync(file, { force: true })
    } catch (error) {
      if (!isTaken(error)) throw cannotWrite(home, error)
    }
    const holder = holderOf(file)
    if (holder !== undefined) throw runsAlready(home, holder)
    rmSync(file, { force: true })
  }
}

/** The market's process, if it still is one: another program may have its number by now. */
function holderOf(file: string): number | undefined {
  const pid = Number(readFileSync(file, 'utf8'))
  const command = pid > 0 && pid !== process.pid ? commandOf(pid) : undefined
  return command && /(bin\.[jt]s|jeju-compute) dev\b/.test(command) ? pid : undefined
}

const isTaken = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'EEXIST'

const cannotWrite = (home: string, cause: unknown) =>
  new UsageError(`The local market keeps its data in ${home}, which cannot be written to; set JEJU_HOME.`, {
    cause,
  })

const runsAlready = (home: string, pid: number) =>
  new UsageError(
    `A local market runs here already, as process ${pid}; end it, or set JEJU_HOME to another folder than ${home}.`,
  )
