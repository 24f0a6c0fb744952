import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import ssh2, { type Client, type ParsedKey, type SFTPWrapper } from 'ssh2'
import { expect, onTestFinished, test } from 'vitest'
import { createLog } from '../../log.ts'
import type { Runtime } from '../runtime/Runtime.ts'
import { openGateway } from './gateway.ts'
import { openHostKey } from './hostKey.ts'

// A renter is root on his machine, so whatever answers there may be made to answer anything.

test('a time that no calendar has is no entry of a list, and no end of the node', async () => {
  const { sftp } = await setup({
    list: ':81a4 5 0 0 1 99999999999999 ./far\n:81a4 5 0 0 1 7 ./near\nok\n',
    stat: ':41ed 0 0 0 1 1\nok\n',
  })
  const names = await new Promise((resolve, reject) =>
    sftp.readdir('/', (error, list) =>
      error ? reject(error) : resolve(list.map(({ filename }) => filename)),
    ),
  )
  expect(names).toEqual(['far', 'near'])
})

test.each([
  ['a line without an end', `:${'x'.repeat(1 << 20)}`, true],
  ['lines without an end', `:${'x'.repeat(1 << 16)}\n`, true],
  ['more data than was asked for', `data ${2 ** 40}\n${'x'.repeat(1 << 20)}`, true],
])('%s is not waited for', async (_, answer, isEndless) => {
  const { sent, sftp } = await setup({ stat: answer }, { isEndless })
  const error = await new Promise<Error | undefined>((resolve) => sftp.stat('/', (failed) => resolve(failed)))
  expect(error?.message).toMatch(/too long/)
  expect(sent()).toBeLessThan(64 << 20)
})

test('a second command on one channel ends no more than itself', async () => {
  const { client } = await setup({})
  const internals = client as unknown as {
    _protocol: {
      exec(channel: number, command: string, wantReply: boolean): void
      subsystem(channel: number, name: string, wantReply: boolean): void
    }
  }
  await new Promise<void>((resolve, reject) =>
    client.exec('first', (error, channel) => {
      if (error) return reject(error)
      const { id } = (channel as unknown as { outgoing: { id: number } }).outgoing
      internals._protocol.exec(id, 'second', false)
      internals._protocol.subsystem(id, 'sftp', false)
      resolve()
    }),
  )
  await expect(openSftp(client)).resolves.toBeDefined()
})

test('who writes faster than his machine takes it has to wait', async () => {
  const { client, sftp } = await setup({ open: 'ok\n' })
  const handle = await new Promise<Buffer>((resolve, reject) =>
    sftp.open('/file', 'r+', (error, opened) => (error ? reject(error) : resolve(opened))),
  )
  const piece = Buffer.alloc(32_000)
  for (let count = 0; count < 2_000; count++)
    sftp.write(handle, piece, 0, piece.length, count * piece.length, () => {})

  const { _sock: socket } = client as unknown as { _sock: { bytesWritten: number; writableLength: number } }
  const taken = () => socket.bytesWritten - socket.writableLength
  for (let before = -1; before !== taken(); await new Promise((resolve) => setTimeout(resolve, 500)))
    before = taken()
  expect(taken()).toBeLessThan(32 << 20)
})

test('nothing is forwarded, to the host or from it', async () => {
  const { client } = await setup({})
  const asked = (ask: (done: (error?: Error | null) => void) => void) =>
    new Promise<string>((resolve) => ask((error) => resolve(error?.message ?? 'granted')))
  expect(await asked((done) => client.forwardOut('127.0.0.1', 1, '127.0.0.1', 4007, done))).toMatch(
    /refused|prohibited|open failure|failed/i,
  )
  expect(await asked((done) => client.forwardIn('0.0.0.0', 0, done))).toMatch(/Unable to bind/)
  expect(await asked((done) => client.openssh_forwardOutStreamLocal('/var/run/docker.sock', done))).not.toBe(
    'granted',
  )
  expect(await asked((done) => client.openssh_forwardInStreamLocal('/tmp/jeju.sock', done))).toMatch(
    /Unable to bind/,
  )
  expect(await asked((done) => client.exec('true', { x11: true }, done))).toMatch(/X11/)
  expect(await asked((done) => client.subsys('netconf', done))).not.toBe('granted')
  await expect(openSftp(client)).resolves.toBeDefined()
})

test('one renter does not take all connections', async () => {
  const { gateway, secret } = await setup({})
  const guests: Client[] = []
  let cut = 0
  for (let count = 0; count < 40; count++) {
    const guest = await enter(gateway.port, secret)
    guest.once('close', () => cut++)
    guests.push(guest)
  }
  await expect.poll(() => cut).toBe(40 - 31)
  for (const guest of guests) guest.destroy()
})

type Answers = Readonly<Record<string, string>>

async function setup(answers: Answers, { isEndless = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'jeju-hostile-'))
  const { private: secret, public: line } = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 })
  const key = ssh2.utils.parseKey(line) as ParsedKey
  const machine = hostile(answers, isEndless)
  const gateway = await openGateway({
    host: '127.0.0.1',
    hostKey: await openHostKey(folder),
    keyOf: (sessionId) => (sessionId === 7n ? key : undefined),
    log: createLog({ level: 'silent' }),
    port: 0,
    runtime: machine.runtime,
  })
  const client = await enter(gateway.port, secret)
  onTestFinished(async () => {
    client.destroy()
    await gateway.close()
    rmSync(folder, { recursive: true })
  })
  const sftp = await openSftp(client)
  return { client, gateway, secret, sent: machine.sent, sftp }
}

function openSftp(client: Client): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) =>
    client.sftp((error, opened) => (error ? reject(error) : resolve(opened))),
  )
}

function enter(port: number, privateKey: string): Promise<Client> {
  const client = new ssh2.Client()
  return new Promise((resolve, reject) => {
    client.once('ready', () => resolve(client))
    client.once('error', reject)
    client.connect({ host: '127.0.0.1', port, privateKey, strictVendor: false, username: '7' })
  })
}

/** A machine whose shell answers each request with what was given for it, and others never. */
function hostile(answers: Answers, isEndless: boolean): { runtime: Runtime; sent: () => number } {
  let sent = 0
  const exec = async (): Promise<Runtime.Process> => {
    const stdout = new PassThrough()
    let lines: string[] = []
    let over = false
    const say = (answer: string) => {
      if (over) return
      sent += answer.length
      const more = () => setImmediate(say, answer)
      if (stdout.write(answer)) isEndless && more()
      else stdout.once('drain', () => isEndless && more())
    }
    const answerTo = (op: string) => {
      const answer = answers[op]
      if (answer !== undefined) say(answer)
    }
    const stdin = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(...chunk.toString().split('\n').slice(0, -1))
        for (; lines.length >= 4; lines = lines.slice(4)) answerTo(lines[0] ?? '')
        done()
      },
    })
    return {
      exit: new Promise(() => {}),
      kill: () => {
        over = true
        stdout.destroy()
      },
      resize: () => {},
      stderr: new PassThrough().end(),
      stdin,
      stdout,
    }
  }
  const runtime: Runtime = {
    create: async () => {},
    destroy: async () => {},
    exec,
    kind: 'docker',
    list: async () => [],
  }
  return { runtime, sent: () => sent }
}
