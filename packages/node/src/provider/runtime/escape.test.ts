import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Dockerd, lacksDocker, startDockerd } from '../../../../../test/dockerd.ts'
import { createLog } from '../../log.ts'
import { openDockerRuntime } from './docker.ts'
import { chooseImage } from './image.ts'
import type { Runtime } from './Runtime.ts'

// A renter is root on his machine. What must not be in his reach, tried from there.
describe.skipIf(lacksDocker)('from inside a container', () => {
  const { signal } = new AbortController()
  let engine: Dockerd
  let runtime: Runtime
  beforeAll(async () => {
    engine = await startDockerd()
    const { docker } = engine
    const image = await chooseImage(docker, { log: createLog({ level: 'silent' }), signal })
    const limits = { cpus: 1, memoryBytes: 128 * 1024 * 1024, processes: 64 }
    const owner = { chainId: 31337, computeRental: `0x${'e'.repeat(40)}`, providerId: 1n }
    runtime = openDockerRuntime({ docker, image, limits, owner })
    await runtime.create({ sessionId: 1n, tenant: 'a' }, { signal })
    await runtime.create({ sessionId: 2n, tenant: 'b' }, { signal })
  }, 120_000)
  afterAll(async () => {
    await Promise.all([1n, 2n].map((sessionId) => runtime?.destroy(sessionId)))
    await engine?.stop()
  })

  const run = async (command: string) => {
    const shell = await runtime.exec(1n, { command })
    shell.stdin.end()
    const [out, exit] = await Promise.all([text(shell.stdout), shell.exit, text(shell.stderr)])
    return { exit, out: out.trim() }
  }

  test.each([
    ['a file system', 'mkdir -p /mnt && mount -t tmpfs none /mnt'],
    ['a device of the host', 'mknod /tmp/disk b 8 0 && cat /tmp/disk'],
    ['a name space', 'unshare -m true'],
    ['the host name', 'hostname owned'],
    ['a raw socket', 'ping -c 1 -W 1 127.0.0.1'],
    ['the kernel', 'echo 1 > /proc/sys/kernel/panic'],
    ['the clock', 'date -s 2001-01-01; [ $(date +%Y) = 2001 ]'],
    ['the core of memory', 'head -c 1 /proc/kcore | grep -q .'],
    [
      'the control groups',
      'for at in /sys/fs/cgroup/memory /sys/fs/cgroup; do [ -e $at/cgroup.procs ] && mkdir $at/mine && exit; done; exit 1',
    ],
    ['the socket of Docker', 'ls /var/run/docker.sock /run/docker.sock'],
  ])('%s cannot be had', async (_, command) => {
    expect((await run(command)).exit).not.toEqual({ code: 0 })
  })

  test('there is no network, no other process and no privilege to gain', async () => {
    expect((await run('ls /sys/class/net')).out).toBe('lo')
    expect((await run('ls -d /proc/[0-9]* | wc -l')).out).toMatch(/^[1-9]$|^1\d$/)
    const { out } = await run('cat /proc/self/status')
    expect(out).toMatch(/NoNewPrivs:\s+1/)
    expect(out).toMatch(/Seccomp:\s+2/)
    // CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SYS_CHROOT
    expect(out).toMatch(/CapBnd:\s+00000000000400fb/)
  })

  test('a crowd of processes stays inside', async () => {
    await run('i=0; while [ $i -lt 200 ]; do sleep 5 & i=$((i+1)); done 2>/dev/null; true')
    const neighbour = await runtime.exec(2n, { command: 'echo fine' })
    expect((await text(neighbour.stdout)).trim()).toBe('fine')
  })
})
