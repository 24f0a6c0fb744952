import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Served, serve } from '../../../../../test/serve.ts'
import { isPublic } from '../../isPublic.ts'
import { ask } from './ask.ts'

const { signal } = new AbortController()
let server: Served
let port: number
let hits = 0

beforeEach(async () => {
  hits = 0
  server = await serve((request, response) => {
    hits++
    if (request.url === '/moved') response.writeHead(302, { location: 'http://169.254.169.254/latest/' })
    if (request.url === '/endless') return void response.write('x'.repeat(200_000))
    if (request.url === '/silent') return
    response.end('ok')
  })
  port = server.port
})
afterEach(() => server.close())

test.each([
  'http://127.0.0.1:PORT/',
  'http://localhost:PORT/',
  'http://2130706433:PORT/',
  'http://0x7f.1:PORT/',
  'http://[::1]:PORT/',
  'http://[::ffff:127.0.0.1]:PORT/',
  'http://0.0.0.0:PORT/',
])('%s is not reached from a keeper of a public chain', async (url) => {
  const asked = ask(new URL(url.replace('PORT', `${port}`)), { loopback: false, signal })
  await expect(asked).rejects.toThrow('is no public address')
  expect(hits).toBe(0)
})

test('on a local chain it reaches this machine, and still no other private address', async () => {
  expect(await ask(new URL(`http://localhost:${port}/`), { loopback: true, signal })).toMatchObject({
    text: 'ok',
  })
  for (const host of ['169.254.169.254', '10.0.0.1', '[fd00::1]', '[::ffff:10.0.0.1]', '192.168.1.1'])
    await expect(ask(new URL(`http://${host}/`), { loopback: true, signal })).rejects.toThrow(
      'is no public address',
    )
})

test('a redirect is not followed', async () => {
  const answer = await ask(new URL(`http://127.0.0.1:${port}/moved`), { loopback: true, signal })
  expect(answer.status).toBe(302)
  expect(hits).toBe(1)
})

test('of an endless answer little is read, for a silent one it does not wait for ever', async () => {
  const endless = await ask(new URL(`http://127.0.0.1:${port}/endless`), {
    body: '{}',
    loopback: true,
    signal,
  })
  expect(endless.text.length).toBeLessThanOrEqual(65_536)
  const silent = ask(new URL(`http://127.0.0.1:${port}/silent`), { loopback: true, signal, timeoutMs: 50 })
  await expect(silent).rejects.toThrow('No answer within 0.05 s.')
})

test.each(['ftp://example.com/', 'http://user:secret@example.com/', 'file:///etc/passwd'])(
  '%s is no endpoint',
  async (url) => {
    const asked = ask(new URL(url), { loopback: true, signal })
    await expect(asked).rejects.toThrow('An endpoint is an http or https URL without a user name')
    await expect(asked).rejects.not.toThrow('secret')
  },
)

test('public is what the internet can reach', () => {
  for (const address of ['1.1.1.1', '8.8.8.8', '172.32.0.1', '2606:4700:4700::1111', '2a00:1450::1'])
    expect(isPublic(address), address).toBe(true)
  const inside =
    '0.1.2.3 10.1.1.1 100.64.0.1 100.127.255.255 127.1.1.1 169.254.169.254 172.16.0.1 172.31.255.255 192.168.0.1 192.0.0.192 198.18.0.1 224.0.0.1 255.255.255.255 :: ::1 ::ffff:8.8.8.8 64:ff9b::7f00:1 fe80::1 fd00:ec2::254 ff02::1 2001::1 2001:db8::1 2002:7f00:1::1 example.com'
  for (const address of inside.split(' ')) expect(isPublic(address), address).toBe(false)
})
