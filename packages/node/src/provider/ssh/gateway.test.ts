import { execFile, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { spawn as spawnPty } from '@lydell/node-pty'
import type { ParsedKey } from 'ssh2'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Dockerd, lacksDocker, startDockerd } from '../../../../../test/dockerd.ts'
import { createLog } from '../../log.ts'
import { openDockerRuntime } from '../runtime/docker.ts'
import { chooseImage } from '../runtime/image.ts'
import { openProcessRuntime } from '../runtime/process.ts'
import type { Runtime } from '../runtime/Runtime.ts'
import { openGateway } from './gateway.ts'
import { openHostKey } from './hostKey.ts'
import { parsePublicKey } from './keys.ts'

const log = createLog({ level: 'silent' })

test('the key of the session runs commands, with their exit codes and streams', async () => {
  const { ssh } = await setup()
  expect(await ssh(['echo out; echo err >&2; exit 7'])).toEqual({ code: 7, err: 'err\n', out: 'out\n' })
  expect((await ssh(['cat'], { input: 'through\n' })).out).toBe('through\n')
  expect((await ssh([], { input: 'echo from a script\nexit 3\n' })).code).toBe(3)
  expect((await ssh(['kill -TERM $$'])).code).not.toBe(0)
})

test.each(['rsa', 'ecdsa', 'ed25519'])('a key of the kind %s enters', async (kind) => {
  const { ssh } = await setup({ kind })
  expect((await ssh(['echo in'])).out).toBe('in\n')
})

test('a foreign key and an unknown session are refused alike', async () => {
  const { folder, keys, ssh } = await setup()
  makeKey(folder, 'other')
  const refused = { code: 255, err: expect.stringContaining('Permission denied (publickey)'), out: '' }
  expect(await ssh(['true'], { identity: 'other' })).toEqual(refused)
  expect(await ssh(['true'], { user: '8' })).toEqual(refused)
  expect(await ssh(['true'], { user: 'root' })).toEqual(refused)

  keys.delete(7n)
  expect(await ssh(['true'])).toEqual(refused)
})

test('a client that never signs does not enter with the public key alone', async () => {
  const { folder, ssh } = await setup()
  makeKey(folder, 'other')
  // The private half of another key under the public half of the session's.
  writeFileSync(join(folder, 'other.pub'), readFileSync(join(folder, 'id.pub')))
  expect((await ssh(['true'], { identity: 'other' })).code).toBe(255)
})

test('the host key is the one published, also after a restart', async () => {
  const { folder, hostKey, port, ssh } = await setup()
  expect(await openHostKey(folder)).toEqual(hostKey)
  expect(statSync(join(folder, 'ssh_host_ed25519_key')).mode & 0o777).toBe(0o600)

  const known = join(folder, 'known_hosts')
  writeFileSync(known, `[127.0.0.1]:${port} ${hostKey.publicKey}\n`)
  const strict = ['-o', 'StrictHostKeyChecking=yes', '-o', `UserKnownHostsFile=${known}`]
  expect((await ssh(['echo in'], { options: strict })).out).toBe('in\n')
  const shown = execFileSync('ssh-keygen', ['-lf', known], { encoding: 'utf8' })
  expect(shown).toContain(hostKey.fingerprint)
})

test('a host key that is made can be used, every time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'jeju-keys-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (let round = 0; round < 400; round++) {
    await openHostKey(folder)
    rmSync(join(folder, 'ssh_host_ed25519_key'))
  }
})

test('a terminal is interactive and follows its window', async () => {
  const { sshArguments } = await setup()
  const client = spawnPty('ssh', sshArguments(), { cols: 100, rows: 40 })
  onTestFinished(() => client.kill())
  let seen = ''
  client.onData((data) => {
    seen += data
  })
  const exit = new Promise<number>((resolve) => client.onExit(({ exitCode }) => resolve(exitCode)))

  client.write('stty size; tty\n')
  await expect.poll(() => seen, { timeout: 10_000 }).toMatch(/40 100\s+\/dev\/pts\//)
  client.resize(123, 45)
  client.write('sleep 0.2; stty size\n')
  await expect.poll(() => seen, { timeout: 10_000 }).toMatch(/45 123/)
  client.write('echo be""gin; sleep 1000\n')
  await expect.poll(() => seen, { timeout: 10_000 }).toMatch(/begin/)
  client.write('\x03')
  await expect.poll(() => seen, { timeout: 10_000 }).toMatch(/\^C/)
  client.write('exit 5\n')
  expect(await exit).toBe(5)
})

test('a client that is cut off leaves no process', async () => {
  const { runtime, sshArguments } = await setup()
  const client = spawn('ssh', [...sshArguments(), 'echo $$; exec sleep 1000'])
  const [pid] = await once(client.stdout, 'data')
  client.kill('SIGKILL')
  await expect.poll(() => alive(Number(pid)), { timeout: 10_000 }).toBe(false)
  expect(await runtime.list()).toHaveLength(1)
})

test('ending a session cuts its connections', async () => {
  const { gateway, keys, sshArguments } = await setup()
  const client = spawn('ssh', [...sshArguments(), 'echo ready; sleep 1000'])
  await once(client.stdout, 'data')
  keys.delete(7n)
  gateway.endSession(7n)
  const [code] = await once(client, 'exit')
  expect(code).not.toBe(0)
})

test('files go in and out by scp, byte for byte', async () => {
  const { folder, home, scp } = await setup()
  const bytes = randomBytes(5_000_001)
  writeFileSync(join(folder, 'big'), bytes, { mode: 0o640 })
  await scp(['-p', join(folder, 'big'), '7@127.0.0.1:sent file'])
  expect(readFileSync(join(home, 'sent file')).equals(bytes)).toBe(true)
  expect(statSync(join(home, 'sent file')).mode & 0o777).toBe(0o640)

  await scp(['7@127.0.0.1:sent file', join(folder, 'back')])
  expect(readFileSync(join(folder, 'back')).equals(bytes)).toBe(true)
  await expect(scp(['7@127.0.0.1:missing', folder])).rejects.toThrow(/No such file/)
})

test('folders go in and out by scp', async () => {
  const { folder, home, scp } = await setup()
  mkdirSync(join(folder, 'tree/deep'), { recursive: true })
  for (const name of ['a', '.hidden', 'deep/c d', "deep/q'uote"])
    writeFileSync(join(folder, 'tree', name), name)
  await scp(['-r', join(folder, 'tree'), '7@127.0.0.1:'])
  expect(readFileSync(join(home, "tree/deep/q'uote"), 'utf8')).toBe("deep/q'uote")
  await scp(['-r', '7@127.0.0.1:tree', join(folder, 'copy')])
  execFileSync('diff', ['-r', join(folder, 'tree'), join(folder, 'copy')])
})

test('sftp lists, links, renames, appends, resumes and removes', async () => {
  const { folder, home, sftp } = await setup()
  writeFileSync(join(folder, 'half'), 'abcdefgh')
  writeFileSync(join(home, 'half'), 'abcXX')
  symlinkSync('half', join(home, 'link'))
  const output = await sftp(`
    pwd
    ls -la
    reput ${join(folder, 'half')} half
    mkdir sub
    rename half sub/whole
    ln -s sub/whole other
    chmod 600 sub/whole
    get sub/whole ${join(folder, 'got')}
    -rename other sub/whole
    -mkdir sub
    rm link
    rm other`)
  expect(output).toContain(`Remote working directory: ${home}`)
  expect(output).toContain('half')
  expect(readFileSync(join(folder, 'got'), 'utf8')).toBe('abcXXfgh')
  expect(statSync(join(home, 'sub/whole')).mode & 0o777).toBe(0o600)
})

test('what strangers send never ends the gateway', async () => {
  const { port, ssh } = await setup()
  const opening = 'SSH-2.0-OpenSSH_9.2\r\n'
  const inputs = [
    randomBytes(4_096),
    'GET / HTTP/1.1\r\n\r\n',
    opening,
    Buffer.concat([Buffer.from(opening), randomBytes(4_096)]),
    Buffer.concat([Buffer.from(opening), Buffer.from([0, 0, 0, 12, 10, 20, 0, 0, 0, 0])]),
    Buffer.concat([Buffer.from(opening), Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 20])]),
    `${'SSH-2.0-'.padEnd(70_000, 'x')}`,
  ]
  for (let round = 0; round < 3; round++) {
    await Promise.all(
      inputs.map(async (input) => {
        const socket = connect(port, '127.0.0.1')
        socket.on('error', () => {})
        socket.write(input)
        setTimeout(() => socket.destroy(), 100)
        await once(socket, 'close')
      }),
    )
  }
  expect((await ssh(['echo alive'])).out).toBe('alive\n')
})

describe.skipIf(lacksDocker)('on an image with busybox and nothing else', () => {
  let engine: Dockerd
  let on: Runtime
  beforeAll(async () => {
    engine = await startDockerd()
    const { docker } = engine
    const image = await chooseImage(docker, { log, signal: new AbortController().signal })
    const limits = { cpus: 1, memoryBytes: 256 * 1024 * 1024, processes: 128 }
    const owner = { chainId: 31337, computeRental: `0x${'b'.repeat(40)}`, providerId: 1n }
    on = openDockerRuntime({ docker, image, limits, owner })
  }, 60_000)
  afterAll(() => engine?.stop())

  test('commands, terminals and their sizes work', async () => {
    const { ssh, sshArguments } = await setup({ on })
    expect(await ssh(['echo out; echo err >&2; exit 7'])).toEqual({ code: 7, err: 'err\n', out: 'out\n' })
    expect((await ssh(['cat'], { input: 'through\n' })).out).toBe('through\n')
    const client = spawnPty('ssh', ['-tt', ...sshArguments(), 'stty size; exit 4'], { cols: 100, rows: 40 })
    let seen = ''
    client.onData((data) => {
      seen += data
    })
    expect(await new Promise((resolve) => client.onExit(({ exitCode }) => resolve(exitCode)))).toBe(4)
    expect(seen).toContain('40 100')
  })

  test('files and folders go in and out by scp', async () => {
    const { folder, scp, ssh } = await setup({ on })
    mkdirSync(join(folder, 'tree/deep'), { recursive: true })
    writeFileSync(join(folder, 'tree/big'), randomBytes(3_000_001), { mode: 0o640 })
    writeFileSync(join(folder, "tree/deep/it's $HOME"), 'small')
    await scp(['-rp', join(folder, 'tree'), '7@127.0.0.1:'])
    expect((await ssh(['stat -c %a tree/big; cat tree/deep/it*'])).out).toBe('640\nsmall')
    await scp(['-rp', '7@127.0.0.1:tree', join(folder, 'copy')])
    execFileSync('diff', ['-r', join(folder, 'tree'), join(folder, 'copy')])
    await expect(scp(['7@127.0.0.1:missing', folder])).rejects.toThrow(/No such file/)
  })

  test('sftp lists, links, renames, resumes and removes', async () => {
    const { folder, sftp } = await setup({ on })
    writeFileSync(join(folder, 'half'), 'abcdefgh')
    writeFileSync(join(folder, 'start'), 'abcXX')
    const output = await sftp(`
      pwd
      put ${join(folder, 'start')} half
      reput ${join(folder, 'half')} half
      mkdir sub
      rename half sub/whole
      ln -s sub/whole link
      chmod 600 sub/whole
      ls -l sub
      get link ${join(folder, 'got')}
      rm link
      rm sub/whole
      rmdir sub`)
    expect(output).toContain('Remote working directory: /root')
    expect(output).toMatch(/whole/)
    expect(readFileSync(join(folder, 'got'), 'utf8')).toBe('abcXXfgh')
  })

  test('a client that is cut off leaves no process in the machine', async () => {
    const { ssh, sshArguments } = await setup({ on })
    const client = spawn('ssh', [...sshArguments(), 'echo ready; exec sleep 12345'])
    await once(client.stdout, 'data')
    client.kill('SIGKILL')
    const left = async () => (await ssh(['ps | grep -c "[s]leep 12345"'])).out.trim()
    await expect.poll(left, { timeout: 10_000 }).toBe('0')
  })
})

test('what OpenSSH could not use is no key, and the reason says so', () => {
  const reason = (line: string) => {
    const parsed = parsePublicKey(line)
    return 'reason' in parsed ? parsed.reason : 'usable'
  }
  const folder = mkdtempSync(join(tmpdir(), 'jeju-keys-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const line = makeKey(folder, 'id')
  const [type = '', blob = ''] = line.split(' ')

  expect(reason(line)).toBe('usable')
  expect(reason(`${type} ${blob}`)).toBe('usable')
  expect(reason('ssh-rsa AAAA... user@host')).toMatch(/malformed/)
  expect(reason('ssh-ed25519 ')).toMatch(/malformed/)
  expect(reason(`ssh-rsa ${blob}`)).toMatch(/malformed/)
  expect(reason(`${type} ${blob.slice(0, -8)}`)).toMatch(/malformed|not valid/)
  expect(reason(`${type} ${blob.slice(0, 20)}!!!!`)).toMatch(/malformed|not valid/)
  expect(reason('ssh-dss AAAAB3NzaC1kc3MAAACB')).toMatch(/do not work here/)
  expect(reason('sk-ssh-ed25519@openssh.com AAAA')).toMatch(/do not work here/)
})

function alive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2] !== 'Z'
  } catch {
    return false
  }
}

/** Returns the public line. */
function makeKey(folder: string, name: string, kind = 'ed25519'): string {
  execFileSync('ssh-keygen', ['-q', '-t', kind, '-N', '', '-f', join(folder, name)])
  return readFileSync(join(folder, `${name}.pub`), 'utf8').trim()
}

type SshOptions = { identity?: string; input?: string; options?: string[]; user?: string }

async function setup(options: { kind?: string; on?: Runtime } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'jeju-gateway-'))
  const runtime = options.on ?? openProcessRuntime({ chainId: 31337, dataDir: folder, log })
  await runtime.create({ sessionId: 7n, tenant: 'a' }, { signal: new AbortController().signal })
  const parsed = parsePublicKey(makeKey(folder, 'id', options.kind))
  if ('reason' in parsed) throw new Error(parsed.reason)
  const keys = new Map<bigint, ParsedKey>([[7n, parsed.key]])
  const hostKey = await openHostKey(folder)
  const keyOf = (sessionId: bigint) => keys.get(sessionId)
  const gateway = await openGateway({ host: '127.0.0.1', hostKey, keyOf, log, port: 0, runtime })
  onTestFinished(async () => {
    await gateway.close()
    await runtime.destroy(7n)
    rmSync(folder, { recursive: true })
  })

  const { port } = gateway
  const common = (identity: string) => {
    const settings = ['BatchMode=yes', 'IdentitiesOnly=yes', 'LogLevel=ERROR', 'StrictHostKeyChecking=no']
    const options = [
      ...settings,
      'UserKnownHostsFile=/dev/null',
      'IdentityAgent=none',
      `IdentityFile=${join(folder, identity)}`,
    ]
    return ['-F', 'none', ...options.flatMap((option) => ['-o', option])]
  }
  const sshArguments = ({ identity = 'id', options = [], user = '7' }: SshOptions = {}) => {
    return [...options, ...common(identity), '-p', String(port), `${user}@127.0.0.1`]
  }
  const ssh = async (command: string[], options: SshOptions = {}) => {
    const client = spawn('ssh', [...sshArguments(options), ...command])
    client.stdin.end(options.input ?? '')
    const [out, err, [code]] = await Promise.all([
      text(client.stdout),
      text(client.stderr),
      once(client, 'exit'),
    ])
    return { code, err, out }
  }
  const scp = (paths: string[]) => execute('scp', [...common('id'), '-P', String(port), ...paths])
  const sftp = async (batch: string) => {
    const client = spawn('sftp', [...common('id'), '-P', String(port), '-b', '-', '7@127.0.0.1'])
    client.stdin.end(batch.replace(/^\s+/gm, '').concat('\n'))
    const [out, err, [code]] = await Promise.all([
      text(client.stdout),
      text(client.stderr),
      once(client, 'exit'),
    ])
    expect(code, err).toBe(0)
    return out
  }
  const home = join(folder, 'machines/7/home')
  return { folder, gateway, home, hostKey, keys, port, runtime, scp, sftp, ssh, sshArguments }
}

function execute(file: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, (error, stdout, stderr) =>
      error ? reject(new Error(stderr || error.message)) : resolve(stdout),
    )
  })
}
