import { randomUUID } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import Docker from 'dockerode'
import { demux } from './demux.ts'
import { LAUNCH, MachineMissingError, PATH, type Runtime } from './Runtime.ts'

/** What a session may use of the host. */
export type Limits = { cpus: number; memoryBytes: number; processes: number }

/** Whose machines these are; several nodes may share one Docker. */
export type Owner = { chainId: number; computeRental: string; providerId: bigint }

/** What a renter's root needs to run a system, and no more. */
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SYS_CHROOT']

/** Finds what one exec started by the mark in its environment, and sends it a signal. */
const SIGNAL = `for process in /proc/[0-9]*; do
  tr '\\0' '\\n' < "$process/environ" 2>/dev/null | grep -qx "JEJU_EXEC=$1" && kill -s "$2" "\${process#/proc/}"
done 2>/dev/null`

/** Docker sets the size of a terminal when the command may have asked for it already; where there is an stty, sooner. */
const SIZE = `[ -n "$JEJU_SIZE" ] && stty $JEJU_SIZE 2>/dev/null
unset JEJU_SIZE
`

/** The whole machine is one container without a network, which a restart of Docker or of the node leaves running. */
export function openDockerRuntime(options: openDockerRuntime.Options): Runtime {
  const { docker, owner } = options
  const containerOf = (sessionId: bigint) => docker.getContainer(nameOf(owner, sessionId))
  const destroy = async (sessionId: bigint) => {
    await containerOf(sessionId).remove({ force: true, v: true }).catch(unless(404))
    await gone(containerOf(sessionId))
  }
  return {
    async create(session, { signal }) {
      const container = containerOf(session.sessionId)
      const there = await container.inspect().catch(unless(404))
      if (there && there.Config.Labels['network.jeju.tenant'] !== session.tenant)
        await destroy(session.sessionId)
      signal.throwIfAborted()
      await docker.createContainer(specification(options, session)).catch(unless(409))
      await container.start().catch(unless(304))
    },
    destroy,
    exec: (sessionId, exec) => execute(docker, containerOf(sessionId), { exec, sessionId }),
    kind: 'docker',
    async list() {
      const filters = { label: Object.entries(labelsOf(owner)).map(([key, value]) => `${key}=${value}`) }
      const containers = await docker.listContainers({ all: true, filters })
      return containers.map(({ Labels, State }) => ({
        running: State === 'running',
        sessionId: BigInt(Labels['network.jeju.session'] ?? 0),
        tenant: Labels['network.jeju.tenant'] ?? '',
      }))
    },
  }
}

export declare namespace openDockerRuntime {
  type Options = { docker: Docker; image: string; limits: Limits; owner: Owner }
}

/** Whether Docker answers on a socket. Warning: a `docker` command on the path proves nothing. */
export async function openDocker(socketPath: string): Promise<Docker | undefined> {
  const docker = new Docker({ socketPath })
  const answer = Promise.race([docker.ping(), delay(3_000, undefined, { ref: false })])
  return (await answer.catch(() => undefined)) === undefined ? undefined : docker
}

function nameOf({ chainId, computeRental, providerId }: Owner, sessionId: bigint): string {
  return `jeju-${chainId}-${computeRental.slice(2, 10).toLowerCase()}-${providerId}-${sessionId}`
}

function labelsOf({ chainId, computeRental, providerId }: Owner): Record<string, string> {
  return {
    'network.jeju.chain': String(chainId),
    'network.jeju.provider': providerId.toString(),
    'network.jeju.rental': computeRental.toLowerCase(),
  }
}

function specification(
  { image, limits, owner }: openDockerRuntime.Options,
  { sessionId, tenant }: Runtime.Session,
): Docker.ContainerCreateOptions {
  const labels = { 'network.jeju.session': sessionId.toString(), 'network.jeju.tenant': tenant }
  return {
    // A machine stays up until it is destroyed, whatever the image was made for.
    Cmd: ['-c', 'trap exit TERM; while :; do sleep 3600 & wait $!; done'],
    Entrypoint: ['sh'],
    Env: [`PATH=${PATH}`],
    HostConfig: {
      CapAdd: CAPABILITIES,
      CapDrop: ['ALL'],
      CpuPeriod: 100_000,
      CpuQuota: Math.round(limits.cpus * 100_000),
      Init: true,
      LogConfig: { Config: {}, Type: 'none' },
      Memory: limits.memoryBytes,
      MemorySwap: limits.memoryBytes,
      NetworkMode: 'none',
      PidsLimit: limits.processes,
      RestartPolicy: { Name: 'unless-stopped' },
      SecurityOpt: ['no-new-privileges'],
    },
    Hostname: `session-${sessionId}`,
    Image: image,
    Labels: { ...labelsOf(owner), ...labels },
    name: nameOf(owner, sessionId),
    User: 'root',
    WorkingDir: '/',
  }
}

async function execute(
  docker: Docker,
  container: Docker.Container,
  { exec: options, sessionId }: { exec: Runtime.Exec; sessionId: bigint },
): Promise<Runtime.Process> {
  const { command, env = {}, tty } = options
  const mark = randomUUID()
  const variables = { LANG: 'C.UTF-8', ...env, ...(tty ? terminalOf(tty) : {}), JEJU_EXEC: mark }
  const exec = await container
    .exec({
      AttachStderr: true,
      AttachStdin: true,
      AttachStdout: true,
      Cmd: ['sh', '-c', SIZE + LAUNCH, 'sh', ...(command === undefined ? [] : [command])],
      Env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
      Tty: tty !== undefined,
    })
    .catch((cause: unknown) => {
      throw isStatus(cause, [404, 409]) ? new MachineMissingError({ cause, sessionId }) : cause
    })
  const stream = await exec.start({ hijack: true, stdin: true, Tty: tty !== undefined })
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  stream.on('error', () => stdout.end())
  let over = false
  const exit = ended(docker, exec, stream).finally(() => {
    over = true
  })
  const resize = sizer(exec, () => over)
  if (tty === undefined) void demux(stream, { stderr, stdout })
  else {
    stream.pipe(stdout)
    stderr.end()
    resize(tty)
  }
  return {
    exit,
    kill: (signal) => void send(container, { mark, signal }),
    resize,
    stderr,
    stdin: stream,
    stdout,
  }
}

function terminalOf({ cols, rows, term }: NonNullable<Runtime.Exec['tty']>) {
  return { JEJU_SIZE: `rows ${rows} cols ${cols}`, TERM: term }
}

/** Docker refuses a size until the command has its terminal: try until then, always with the latest size. */
function sizer(exec: Docker.Exec, isOver: () => boolean): (size: { cols: number; rows: number }) => void {
  let wanted: { h: number; w: number } | undefined
  let busy = false
  const settle = async () => {
    for (busy = true; wanted !== undefined && !isOver(); ) {
      const size = wanted
      const taken = await exec.resize(size).then(
        () => true,
        () => false,
      )
      if (!taken) await delay(20)
      else if (wanted === size) wanted = undefined
    }
    busy = false
  }
  return ({ cols, rows }) => {
    wanted = { h: rows, w: cols }
    if (!busy) void settle()
  }
}

async function send(
  container: Docker.Container,
  { mark, signal }: { mark: string; signal: string },
): Promise<void> {
  const kill = { Cmd: ['sh', '-c', SIGNAL, 'sh', mark, signal] }
  await container
    .exec(kill)
    .then((exec) => exec.start({ Detach: true }))
    .catch(() => {})
}

/** Docker tells nobody how a command ended: ask once its output is over. */
async function ended(
  docker: Docker,
  exec: Docker.Exec,
  stream: NodeJS.ReadableStream,
): Promise<Runtime.Exit> {
  await new Promise<void>((resolve) => {
    for (const event of ['end', 'close', 'error']) stream.once(event, () => resolve())
  })
  for (let pause = 5; ; pause = Math.min(pause * 2, 1_000)) {
    try {
      const { ExitCode, Running } = await docker.getExec(exec.id).inspect()
      if (!Running) return ExitCode === null ? { signal: 'KILL' } : { code: ExitCode }
    } catch {
      return { signal: 'KILL' }
    }
    await delay(pause, undefined, { ref: false })
  }
}

/** A removal that was already under way is waited for. */
async function gone(container: Docker.Container): Promise<void> {
  while (await container.inspect().catch(unless(404))) await delay(50)
}

/** Lets an answer of Docker pass that says the thing is done already. */
function unless(...statuses: number[]): (error: unknown) => undefined {
  return (error) => {
    if (!isStatus(error, statuses)) throw error
    return undefined
  }
}

function isStatus(error: unknown, statuses: number[]): boolean {
  return error instanceof Error && 'statusCode' in error && statuses.includes(Number(error.statusCode))
}
