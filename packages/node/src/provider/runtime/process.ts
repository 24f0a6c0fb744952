import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { ComputeError } from '@jejunetwork/sdk'
import { type IPty, spawn as spawnPty } from '@lydell/node-pty'
import { isLocalChain } from '../../isLocalChain.ts'
import type { Log } from '../../log.ts'
import { idle } from '../../loop.ts'
import { machinesWithProcesses, processesOf, startOf } from './processes.ts'
import { LAUNCH, MachineMissingError, PATH, type Runtime } from './Runtime.ts'

/**
 * The development runtime: a machine is a home directory, and its shells run as the node's own user. It is no
 * security boundary, so it serves on a local development chain alone.
 *
 *     <folder>/<session>/home      what is on the machine
 *     <folder>/<session>/started   a file per shell: its process id, and in it when that process started
 *     <folder>/<session>/tenant    whose machine it is
 */
export function openProcessRuntime(options: openProcessRuntime.Options): Runtime {
  const { chainId, log } = options
  const folder = join(options.dataDir, 'machines')
  if (!isLocalChain(chainId)) throw new ProcessRuntimeRefusedError({ chainId })
  if (!existsSync('/proc/self/environ')) throw new ProcessRuntimeUnfitError()
  mkdirSync(folder, { mode: 0o700, recursive: true })
  log.warn('machines are plain processes of this user: no security boundary, for development only')

  let looked = false
  const machineOf = (sessionId: bigint) => join(folder, sessionId.toString())
  const destroy = async (sessionId: bigint) => {
    const machine = machineOf(sessionId)
    await killAll(machine)
    await rm(machine, { force: true, maxRetries: 5, recursive: true })
  }
  return {
    async create(session) {
      const machine = machineOf(session.sessionId)
      if ((await tenantOf(machine)) === session.tenant) return
      await destroy(session.sessionId)
      await make(machine, session.tenant)
    },
    destroy,
    async exec(sessionId, exec) {
      const machine = machineOf(sessionId)
      if ((await tenantOf(machine)) === undefined) throw new MachineMissingError({ sessionId })
      return exec.tty === undefined ? piped(machine, exec) : terminal(machine, { ...exec, tty: exec.tty })
    },
    kind: 'process',
    async list() {
      // A folder that was removed by hand while its node was dead left its processes behind.
      const strays = looked ? [] : await machinesWithProcesses(folder)
      looked = true
      const ids = [...(await readdir(folder)), ...strays].filter((name) => /^[1-9]\d*$/.test(name))
      return Promise.all(
        [...new Set(ids)].map(async (id) => ({
          running: true,
          sessionId: BigInt(id),
          tenant: (await tenantOf(join(folder, id))) ?? '',
        })),
      )
    },
  }
}

export declare namespace openProcessRuntime {
  type Options = { chainId: number; dataDir: string; log: Log }
}

/** A chain with real money asked for a runtime that protects nobody. */
export class ProcessRuntimeRefusedError extends ComputeError {
  override readonly name = 'ProcessRuntimeRefusedError'

  constructor({ chainId }: { chainId: number }) {
    super(`Chain ${chainId} needs Docker: without it, machines are no security boundary.`)
  }
}

/** The host has no /proc to find a machine's processes in. */
export class ProcessRuntimeUnfitError extends ComputeError {
  override readonly name = 'ProcessRuntimeUnfitError'

  constructor() {
    super('Machines without Docker need Linux: start Docker.')
  }
}

/** Appears whole or not at all, also when the node is killed half way. */
async function make(machine: string, tenant: string): Promise<void> {
  const draft = `${machine}.new`
  await rm(draft, { force: true, recursive: true })
  await mkdir(join(draft, 'home'), { mode: 0o700, recursive: true })
  await mkdir(join(draft, 'started'))
  await writeFile(join(draft, 'tenant'), tenant)
  await rename(draft, machine)
}

async function tenantOf(machine: string): Promise<string | undefined> {
  return readFile(join(machine, 'tenant'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}

/** Ends every process of the machine, also what escaped its shell. */
async function killAll(machine: string): Promise<void> {
  const patience = AbortSignal.timeout(10_000)
  for (let round = 0; !patience.aborted; round++) {
    const pids = await processesOf(machine)
    if (pids.length === 0) return
    for (const pid of pids) signalTo(pid, 'KILL')
    await idle(Math.min(5 * 2 ** round, 200), patience)
  }
  throw new Error(`Processes of ${machine} do not end.`)
}

/** Nothing of the node's own environment: that may hold a key. */
function environment(machine: string, exec: Runtime.Exec): Record<string, string> {
  const home = join(machine, 'home')
  const own = { HOME: home, JEJU_MACHINE: machine, LOGNAME: 'renter', PATH, USER: 'renter' }
  return { LANG: 'C.UTF-8', ...exec.env, ...own, ...(exec.tty ? { TERM: exec.tty.term } : {}) }
}

function launch(exec: Runtime.Exec): string[] {
  return ['-c', LAUNCH, 'sh', ...(exec.command === undefined ? [] : [exec.command])]
}

async function piped(machine: string, exec: Runtime.Exec): Promise<Runtime.Process> {
  const child = spawn('/bin/sh', launch(exec), {
    cwd: join(machine, 'home'),
    detached: true,
    env: environment(machine, exec),
    stdio: 'pipe',
  })
  const exit = ended(child)
  await Promise.race([once(child, 'spawn'), exit])
  const note = child.pid === undefined ? undefined : remember(machine, child.pid)
  void exit.then(() => note?.())
  // A command that does not read its input is no fault of ours.
  child.stdin.on('error', () => {})
  return {
    exit,
    kill: (signal) => child.exitCode === null && child.pid !== undefined && signalTo(-child.pid, signal),
    resize: () => {},
    stderr: child.stderr,
    stdin: child.stdin,
    stdout: child.stdout,
  }
}

function ended(child: ChildProcess): Promise<Runtime.Exit> {
  return new Promise((resolve) => {
    child.once('error', () => resolve({ code: 127 }))
    child.once('exit', (code, signal) => resolve(signal ? { signal: signal.slice(3) } : { code: code ?? 1 }))
  })
}

function terminal(machine: string, exec: Runtime.Exec & { tty: object }): Runtime.Process {
  const { cols, rows, term } = exec.tty as NonNullable<Runtime.Exec['tty']>
  const pty = spawnPty('/bin/sh', launch(exec), {
    cols,
    cwd: join(machine, 'home'),
    encoding: null,
    env: environment(machine, exec),
    name: term,
    rows,
  })
  const forget = remember(machine, pty.pid)
  let over = false
  const stdout = new PassThrough()
  pty.onData((data) => {
    if (!stdout.write(data)) pty.pause()
  })
  stdout.on('drain', () => !over && pty.resume())
  const exit = new Promise<Runtime.Exit>((resolve) => {
    pty.onExit(({ exitCode, signal }) => {
      over = true
      forget()
      stdout.end()
      resolve(signal ? { signal: signalName(signal) } : { code: exitCode })
    })
  })
  return {
    exit,
    kill: (signal) => !over && signalTo(-pty.pid, signal),
    resize: (size) => !over && pty.resize(size.cols, size.rows),
    stderr: new PassThrough().end(),
    stdin: keyboard(pty, () => over),
    stdout,
  }
}

function keyboard(pty: IPty, isOver: () => boolean): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      // The types know strings alone, but a keyboard sends any bytes.
      if (!isOver()) pty.write(chunk as unknown as string)
      done()
    },
  })
}

/** Notes a shell, so that the next life of the node finds it. Returns how to forget it. */
function remember(machine: string, pid: number): () => void {
  const note = join(machine, 'started', String(pid))
  writeFileSync(note, startOf(pid) ?? '')
  return () => rmSync(note, { force: true })
}

function signalTo(pid: number, signal: string): void {
  try {
    process.kill(pid, `SIG${signal}`)
  } catch (error) {
    // EPERM: it became another user's, by sudo for example.
    if (!['EPERM', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

function signalName(number: number): string {
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0]
  return name?.slice(3) ?? 'KILL'
}
