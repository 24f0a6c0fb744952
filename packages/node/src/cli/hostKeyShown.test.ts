import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import ssh2 from 'ssh2'
import { expect, onTestFinished, test } from 'vitest'
import { hostKeyShown } from './hostKeyShown.ts'

test.each(['ed25519', 'ecdsa'] as const)('an %s key that the server signs with is shown', async (type) => {
  const { file, shown } = keyPair(type)
  expect(await hostKeyShown(await serve(file))).toBe(shown)
})

test('a key that the server names and does not have is none', async () => {
  const [own, victim] = [keyPair('ed25519'), keyPair('ed25519')]
  expect(await hostKeyShown(await serve(named(own, victim)))).toBeUndefined()
})

test('a server that hangs up or speaks nonsense shows none', async () => {
  for (const words of ['', 'HTTP/1.1 400 Bad Request\r\n\r\n']) {
    const server = createServer((socket) => socket.end(words)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    expect(await hostKeyShown({ host: '127.0.0.1', port })).toBeUndefined()
  }
})

/** A private key as a file, and the public one as in `known_hosts`. */
type Pair = { file: string; shown: string }

function keyPair(type: 'ecdsa' | 'ed25519'): Pair {
  const { generateKeyPairSync } = ssh2.utils
  const made = type === 'ecdsa' ? generateKeyPairSync(type, { bits: 256 }) : generateKeyPairSync(type)
  return { file: made.private, shown: made.public.split(' ').slice(0, 2).join(' ') }
}

/** The one's private key in a file that says the other's public key beside it: nothing in it ties the two together. */
function named(own: Pair, other: Pair): string {
  const raw = ({ shown }: Pair) => Buffer.from(shown.split(' ')[1] ?? '', 'base64').subarray(-32)
  const [begin = '', ...body] = own.file.trim().split('\n')
  const end = body.pop()
  const bytes = Buffer.from(body.join(''), 'base64')
  for (let at = bytes.indexOf(raw(own)); at >= 0; at = bytes.indexOf(raw(own))) bytes.set(raw(other), at)
  return [begin, bytes.toString('base64'), end].join('\n')
}

/** An SSH server that knows nobody, and takes whoever comes through the key exchange for a failure of this test. */
async function serve(hostKey: string): Promise<{ host: string; port: number }> {
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
    connection.on('error', () => {})
    connection.on('authentication', () => expect.unreachable('logged in'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}
