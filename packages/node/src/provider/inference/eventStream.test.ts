import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createEventStream } from './eventStream.ts'

test('a reader that stops reading loses its place', async () => {
  const { promise: end, resolve } = Promise.withResolvers<string>()
  const server = createServer(async (_request, response) => {
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const stream = createEventStream(response, gone.signal, 200)
    stream.open()
    try {
      for (;;) await stream.send('x'.repeat(1 << 16))
    } catch {
      resolve(response.destroyed ? 'cut' : 'left')
    }
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')

  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause()
  client.on('error', () => {})
  onTestFinished(() => void client.destroy())
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  expect(await end).toBe('cut')
})
