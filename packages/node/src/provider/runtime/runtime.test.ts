import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Dockerd, lacksDocker, startDockerd } from '../../../../../test/dockerd.ts'
import { createLog } from '../../log.ts'
import { openDockerRuntime } from './docker.ts'
import { chooseImage } from './image.ts'
import { openProcessRuntime } from './process.ts'
import { processesOf } from './processes.ts'
import type { Runtime } from './Runtime.ts'

const log = createLog({ level: 'silent' })
const signal = new AbortController().signal

describe('process', () => {
  conformance(processSetup)

  test('serves on a development chain alone', () => {
    expect(() => openProcessRuntime({ chainId: 1, dataDir: tmpdir(), log })).toThrow(/Chain 1 needs Docker/)
  })

  test('nothing is left of a machine whose node was killed, also of what hid', async () => {
    const { dataDir, runtime } = await processSetup()
    await runtime.create({ sessionId: 1n, tenant: 'a' }, { signal })
    const machine = join(dataDir, 'machines', '1')
    const node = spawn(
      process.execPath,
      ['--conditions=src', '--input-type=module-typescript', '-e', NODE, dataDir],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    await once(node.stdout, 'data')
    node.kill('SIGKILL')
    await once(node, 'exit')
    expect((await processesOf(machine)).length).toBeGreaterThanOrEqual(2)

    const next = openProcessRuntime({ chainId: 31337, dataDir, log })
    expect(await next.list()).toEqual([{ running: true, sessionId: 1n, tenant: 'a' }])
    expect(await run(next, 1n, 'cat kept')).toMatchObject({ out: 'data\n' })
    await next.destroy(1n)
    expect(await processesOf(machine)).toEqual([])
    expect(readdirSync(join(dataDir, 'machines'))).toEqual([])
  })

  test('processes whose folder was removed by hand are found and ended', async () => {
    const { dataDir, reopen, runtime } = await processSetup()
    await runtime.create({ sessionId: 7n, tenant: 'a' }, { signal })
    const tag = `2${Date.now()}`
    await run(runtime, 7n, `setsid sleep ${tag} >/dev/null 2>&1 </dev/null & sleep 0.1`)
    rmSync(join(dataDir, 'machines'), { recursive: true })

    const next = reopen()
    expect(await next.list()).toEqual([{ running: true, sessionId: 7n, tenant: '' }])
    await next.destroy(7n)
    expect(running(tag)).toBe(false)
  })

  test('the environment of the node does not reach a machine', async () => {
    const { runtime } = await processSetup()
    process.env['JEJU_TEST_SECRET'] = 'key'
    await runtime.create({ sessionId: 1n, tenant: 'a' }, { signal })
    expect((await run(runtime, 1n, 'env')).out).not.toContain('JEJU_TEST_SECRET')
  })

  test.skipIf(process.getuid?.() !== 0)('works for a user that is not root', () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'jeju-user-'))
    onTestFinished(() => rmSync(dataDir, { force: true, recursive: true }))
    execFileSync('chown', ['65534:65534', dataDir])
    const args = ['--conditions=src', '--input-type=module-typescript', '-e', USER, dataDir]
    const output = execFileSync(process.execPath, args, { gid: 65534, uid: 65534 })
    expect(String(output)).toMatch(/^65534\r?\n$/)
  })
})

/** Two processes of a machine, one of which wiped its environment and one its session, under a node to be killed. */
const NODE = `
  import { openProcessRuntime } from ${JSON.stringify(import.meta.resolve('./process.ts'))}
  const log = { error() {}, info() {}, warn() {} }
  const runtime = openProcessRuntime({ chainId: 31337, dataDir: process.argv.at(-1), log })
  const exec = (command) => runtime.exec(1n, { command })
  await (await exec('echo data > kept')).exit
  await exec('env -i sleep 1000; true')
  await (await exec('setsid sleep 1000 >/dev/null 2>&1 </dev/null & sleep 0.2')).exit
  console.log('ready')
  setInterval(() => {}, 1000)`

const USER = `
  import { openProcessRuntime } from ${JSON.stringify(import.meta.resolve('./process.ts'))}
  const log = { error() {}, info() {}, warn() {} }
  const runtime = openProcessRuntime({ chainId: 31337, dataDir: process.argv.at(-1), log })
  await runtime.create({ sessionId: 1n, tenant: 'a' }, { signal: new AbortController().signal })
  const { stdout } = await runtime.exec(1n, { command: 'id -u', tty: { cols: 80, rows: 24, term: 'xterm' } })
  for await (const chunk of stdout) process.stdout.write(chunk)
  await runtime.destroy(1n)`

describe.skipIf(lacksDocker)('docker', () => {
  let engine: Dockerd
  beforeAll(async () => {
    engine = await startDockerd()
  }, 60_000)
  afterAll(() => engine?.stop())

  conformance(() => dockerSetup(engine))

  test('a machine has no network, few capabilities, and limits', async () => {
    const { runtime } = await dockerSetup(engine)
    await runtime.create({ sessionId: 1n, tenant: 'a' }, { signal })
    expect((await run(runtime, 1n, 'ls /sys/class/net')).out.trim()).toBe('lo')
    expect((await run(runtime, 1n, 'grep CapEff /proc/self/status')).out).toMatch(/00000000000400fb\s/)
    expect((await run(runtime, 1n, 'mount -t tmpfs none /mnt')).exit).not.toEqual({ code: 0 })
    expect((await run(runtime, 1n, ':() { : | : & }; : ; sleep 0.5')).exit).toHaveProperty('code')
    expect((await run(runtime, 1n, 'head -c 300m /dev/zero | tail -c 300m | wc -c')).out.trim()).not.toBe(
      '314572800',
    )
    expect((await run(runtime, 1n, 'echo still here')).out).toBe('still here\n')
  })

  test('machines outlive a killed Docker', async () => {
    const { runtime } = await dockerSetup(engine)
    await runtime.create({ sessionId: 1n, tenant: 'a' }, { signal })
    await run(runtime, 1n, 'echo data > kept')
    await engine.restart()

    expect(await runtime.list()).toMatchObject([{ sessionId: 1n, tenant: 'a' }])
    await runtime.create({ sessionId: 1n, tenant: 'a' }, { signal })
    expect(await runtime.list()).toMatchObject([{ running: true }])
    expect((await run(runtime, 1n, 'cat kept')).out).toBe('data\n')
  }, 60_000)

  test('a machine that was stopped is started again', async () => {
    const { runtime } = await dockerSetup(engine)
    await runtime.create({ sessionId: 1n, tenant: 'a' }, { signal })
    const [container] = await engine.docker.listContainers({ filters: { label: ['network.jeju.session=1'] } })
    await engine.docker.getContainer(container?.Id ?? '').kill()
    await expect.poll(() => runtime.list()).toMatchObject([{ running: false }])
    await runtime.create({ sessionId: 1n, tenant: 'a' }, { signal })
    expect(await runtime.list()).toMatchObject([{ running: true }])
  })

  test('an image that nobody has is one clear line', async () => {
    const image = 'registry.invalid/none:1'
    const choice = chooseImage(engine.docker, { image, log, signal })
    await expect(choice).rejects.toThrow(
      /^The image registry.invalid\/none:1 is not here and could not be pulled: /,
    )
  })

  const isComplete = process.env['CI'] !== undefined || existsSync('/usr/sbin/debootstrap')
  test.skipIf(!isComplete)(
    'without a static busybox, debootstrap makes a Debian',
    async () => {
      await engine.docker.getImage('jeju-machine:busybox').remove({ force: true })
      const image = await chooseImage(engine.docker, { busybox: ['/bin/true'], log, signal })
      expect(image).toBe('jeju-machine:debian')
      const owner = { chainId: 31337, computeRental: `0x${'b'.repeat(40)}`, providerId: 1n }
      const limits = { cpus: 1, memoryBytes: 128 * 1024 * 1024, processes: 64 }
      const runtime = openDockerRuntime({ docker: engine.docker, image, limits, owner })
      await runtime.create({ sessionId: 1n, tenant: 'a' }, { signal })
      expect((await run(runtime, 1n, '. /etc/os-release && echo $ID && id -u')).out).toBe('debian\n0\n')
      await runtime.destroy(1n)
      await engine.docker.getImage(image).remove({ force: true })
    },
    300_000,
  )

  test('without either, it says what to install', async () => {
    const nothing = { busybox: ['/bin/true'], debootstrap: '/none' }
    const choice = chooseImage(engine.docker, { ...nothing, log, signal })
    await expect(choice).rejects.toThrow(/busybox-static or debootstrap/)
    expect(await chooseImage(engine.docker, { log, signal })).toBe('jeju-machine:busybox')
  }, 60_000)
})

/** What every runtime keeps. */
function conformance(setup: () => Promise<{ runtime: Runtime; reopen: () => Runtime }>) {
  test('creating twice makes one machine, destroying twice is fine', async () => {
    const { runtime } = await setup()
    const session = { sessionId: 7n, tenant: 'a' }
    await Promise.all([runtime.create(session, { signal })])
    await run(runtime, 7n, 'echo data > kept')
    await runtime.create(session, { signal })
    expect(await runtime.list()).toEqual([{ running: true, ...session }])
    expect((await run(runtime, 7n, 'cat kept')).out).toBe('data\n')

    await runtime.destroy(7n)
    await runtime.destroy(7n)
    expect(await runtime.list()).toEqual([])
    await expect(runtime.exec(7n, {})).rejects.toMatchObject({ name: 'MachineMissingError' })
  })

  test('another tenant under the same id gets an empty machine', async () => {
    const { runtime } = await setup()
    await runtime.create({ sessionId: 7n, tenant: 'a' }, { signal })
    await run(runtime, 7n, 'echo secret > kept')
    await runtime.create({ sessionId: 7n, tenant: 'b' }, { signal })
    expect(await runtime.list()).toMatchObject([{ tenant: 'b' }])
    expect((await run(runtime, 7n, 'ls')).out).toBe('')
  })

  test('a machine is found by the next life of the node', async () => {
    const { reopen, runtime } = await setup()
    await runtime.create({ sessionId: 7n, tenant: 'a' }, { signal })
    await run(runtime, 7n, 'echo data > kept')
    const next = reopen()
    expect(await next.list()).toEqual([{ running: true, sessionId: 7n, tenant: 'a' }])
    expect((await run(next, 7n, 'cat kept')).out).toBe('data\n')
  })

  test('a command has its own output, errors, input and exit code', async () => {
    const { runtime } = await setup()
    await runtime.create({ sessionId: 7n, tenant: 'a' }, { signal })
    expect(await run(runtime, 7n, 'echo out; echo err >&2; exit 7')).toEqual({
      err: 'err\n',
      exit: { code: 7 },
      out: 'out\n',
    })
    expect((await run(runtime, 7n, 'pwd; echo $HOME')).out).toMatch(/^(.+)\n\1\n$/)
    expect((await run(runtime, 7n, 'echo $COLOR', { COLOR: 'blue' })).out).toBe('blue\n')
    expect((await run(runtime, 7n, 'none-such')).exit).toEqual({ code: 127 })
  })

  test('bytes pass unchanged both ways, and the end of input arrives', async () => {
    const { runtime } = await setup()
    await runtime.create({ sessionId: 7n, tenant: 'a' }, { signal })
    const bytes = Buffer.alloc(3_000_000, Buffer.from(Array.from({ length: 251 }, (_, value) => value)))
    const shell = await runtime.exec(7n, { command: 'cat' })
    shell.stdin.end(bytes)
    expect((await buffer(shell.stdout)).equals(bytes)).toBe(true)
    expect(await shell.exit).toEqual({ code: 0 })
  })

  test('a terminal has its size, and takes a new one', async () => {
    const { runtime } = await setup()
    await runtime.create({ sessionId: 7n, tenant: 'a' }, { signal })
    const shell = await runtime.exec(7n, { tty: { cols: 100, rows: 40, term: 'xterm' } })
    let seen = ''
    shell.stdout.on('data', (chunk) => {
      seen += chunk
    })
    shell.stdin.write('stty size; echo "term $TERM"\n')
    await expect.poll(() => seen, { timeout: 5_000 }).toMatch(/40 100\s+term xterm\s/)
    shell.resize({ cols: 123, rows: 45 })
    await expect
      .poll(
        () => {
          shell.stdin.write('stty size\n')
          return seen
        },
        { timeout: 5_000 },
      )
      .toMatch(/45 123/)
    shell.stdin.write('exit 3\n')
    expect(await shell.exit).toEqual({ code: 3 })
  })

  test('a signal ends a command', async () => {
    const { runtime } = await setup()
    await runtime.create({ sessionId: 7n, tenant: 'a' }, { signal })
    const shell = await runtime.exec(7n, { command: 'echo ready; exec sleep 1000' })
    await once(shell.stdout, 'data')
    shell.kill('TERM')
    expect([{ signal: 'TERM' }, { code: 143 }]).toContainEqual(await shell.exit)
  })

  test('destroying ends what runs in the background', async () => {
    const { runtime } = await setup()
    await runtime.create({ sessionId: 7n, tenant: 'a' }, { signal })
    const tag = `1${Date.now()}`
    await run(runtime, 7n, `setsid sleep ${tag} >/dev/null 2>&1 </dev/null & sleep 0.1`)
    expect(running(tag)).toBe(true)
    const shell = await runtime.exec(7n, { command: 'sleep 1000' })
    await runtime.destroy(7n)
    expect(running(tag)).toBe(false)
    expect(await shell.exit).not.toEqual({ code: 0 })
  })
}

async function run(runtime: Runtime, sessionId: bigint, command: string, env: Record<string, string> = {}) {
  const shell = await runtime.exec(sessionId, { command, env })
  shell.stdin.end()
  const [out, err, exit] = await Promise.all([text(shell.stdout), text(shell.stderr), shell.exit])
  return { err, exit, out }
}

/** Whether a `sleep` of just so long runs on this host. */
function running(seconds: string): boolean {
  return execFileSync('ps', ['-eo', 'stat,args'], { encoding: 'utf8' })
    .split('\n')
    .some((line) => line.includes(`sleep ${seconds}`) && !line.startsWith('Z') && !line.includes('sh -c'))
}

async function processSetup() {
  const dataDir = mkdtempSync(join(tmpdir(), 'jeju-process-'))
  const reopen = () => openProcessRuntime({ chainId: 31337, dataDir, log })
  const runtime = reopen()
  onTestFinished(async () => {
    for (const { sessionId } of await runtime.list()) await runtime.destroy(sessionId)
    rmSync(dataDir, { recursive: true })
  })
  return { dataDir, reopen, runtime }
}

let providers = 0n

async function dockerSetup({ docker }: Dockerd) {
  const image = await chooseImage(docker, { log, signal })
  const owner = { chainId: 31337, computeRental: `0x${'a'.repeat(40)}`, providerId: ++providers }
  const limits = { cpus: 1, memoryBytes: 128 * 1024 * 1024, processes: 64 }
  const reopen = () => openDockerRuntime({ docker, image, limits, owner })
  const runtime = reopen()
  onTestFinished(async () => {
    for (const { sessionId } of await runtime.list()) await runtime.destroy(sessionId)
  })
  return { reopen, runtime }
}
