import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { createServer } from './server.ts'

test('a request that never comes whole is not waited for', async () => {
  const app = createServer({ checkMs: 50, onError: () => {}, requestMs: 200 })
  app.post('/', async () => 'read')
  await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => app.close())

  const slow = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  await once(slow, 'connect')
  slow.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n')
  const drip = setInterval(() => slow.write('x'), 50)
  onTestFinished(() => clearInterval(drip))
  slow.on('error', () => {})
  expect(await text(slow)).toMatch(/^HTTP\/1.1 408/)
})
