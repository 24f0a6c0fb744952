import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDocker } from '../packages/node/src/provider/runtime/docker.ts'

/** Whether tests with Docker are left out. In CI they never are: there its absence is a failure. */
export const lacksDocker: boolean =
  !process.env['CI'] &&
  (process.getuid?.() !== 0 || !['/usr/sbin/dockerd', '/usr/bin/unshare'].every(existsSync))

type Docker = NonNullable<Awaited<ReturnType<typeof openDocker>>>

export type Dockerd = { docker: Docker; socket: string; restart(): Promise<void>; stop(): Promise<void> }

/** A Docker of a test's own, in a network name space of its own, so that it leaves no firewall rule behind. */
export async function startDockerd(): Promise<Dockerd> {
  const folder = mkdtempSync(join(tmpdir(), 'jeju-dockerd-'))
  const socket = join(folder, 'docker.sock')
  const paths = ['--data-root', `${folder}/data`, '--exec-root', `${folder}/exec`, '-p', `${folder}/pid`]
  const command = 'ip link set lo up && exec dockerd "$@"'
  let daemon: ChildProcess
  const start = async (): Promise<Docker> => {
    const args = ['--net', 'sh', '-c', command, 'dockerd', ...paths, '-H', `unix://${socket}`]
    daemon = spawn('unshare', args, { stdio: 'ignore' })
    for (;;) {
      const docker = await openDocker(socket)
      if (docker !== undefined) return docker
      if (daemon.exitCode !== null) throw new Error('dockerd does not start.')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const end = async (how: 'SIGKILL' | 'SIGTERM') => {
    daemon.kill(how)
    await once(daemon, 'exit')
  }
  const docker = await start()
  return {
    docker,
    socket,
    async restart() {
      await end('SIGKILL')
      // A zombie that nobody has reaped yet looks alive to the next one.
      for (const pid of ['pid', 'exec/containerd/containerd.pid']) rmSync(join(folder, pid), { force: true })
      await start()
    },
    async stop() {
      await end('SIGTERM')
      const mounts = readFileSync('/proc/mounts', 'utf8').match(new RegExp(`${folder}\\S*`, 'g')) ?? []
      for (const mount of mounts.toReversed()) execFileSync('umount', ['--lazy', mount])
      rmSync(folder, { force: true, recursive: true })
    },
  }
}
