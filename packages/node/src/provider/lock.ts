import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ComputeError } from '@jejunetwork/sdk'
import { startOf } from './runtime/processes.ts'

/** Makes this process the only one that works in a folder. Returns how to let go; the lock of one that died is taken over. */
export function lockFolder(dataDir: string): () => void {
  mkdirSync(dataDir, { mode: 0o700, recursive: true })
  const path = join(dataDir, 'node.lock')
  for (;;) {
    try {
      writeFileSync(path, `${process.pid} ${startOf(process.pid) ?? ''}`, { flag: 'wx' })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = holderOf(path)
    if (holder !== undefined) throw new FolderTakenError({ dataDir, holder })
    rmSync(path, { force: true })
  }
}

/** Another process works in this folder. */
export class FolderTakenError extends ComputeError {
  override readonly name = 'FolderTakenError'
  override readonly retryable = true

  constructor({ dataDir, holder }: { dataDir: string; holder: number }) {
    super(`Process ${holder} works in ${dataDir} already: end it, or set JEJU_HOME to another folder.`)
  }
}

/** The process that holds the lock, if it still lives: its number alone may be another process by now. */
function holderOf(path: string): number | undefined {
  let note: string
  try {
    note = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  const [pid = '', start = ''] = note.split(' ')
  if (!/^\d+$/.test(pid) || !isAlive(Number(pid))) return undefined
  const canTell = startOf(process.pid) !== undefined
  return !canTell || startOf(Number(pid)) === start ? Number(pid) : undefined
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
