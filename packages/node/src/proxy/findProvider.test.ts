import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { modelsAt } from './findProvider.ts'

test('of a list of models only models count', async () => {
  const url = await serve((response) => response.end('{"data":[null,{"id":5},"x",{"id":"good"}]}'))
  expect(await modelsAt(url)).toEqual([{ id: 'good' }])
  expect(await modelsAt(await serve((response) => response.end('null')))).toEqual([])
})

test('nobody is sent on to another place', async () => {
  let asked = 0
  const elsewhere = await serve((response) => {
    asked++
    response.end('{"data":[{"id":"inside"}]}')
  })
  const url = await serve((response) => response.writeHead(307, { location: elsewhere }).end())
  expect(await modelsAt(url)).toEqual([])
  expect(asked).toBe(0)
})

test('an answer without an end is not read', async () => {
  let sent = 0
  const url = await serve((response) => {
    const piece = Buffer.alloc(1 << 16, ' ')
    const more = () => {
      while (!response.destroyed && response.write(piece)) sent += piece.length
    }
    response.on('drain', more)
    more()
  })
  expect(await modelsAt(url)).toEqual([])
  expect(sent).toBeLessThan(32 << 20)
})

async function serve(answer: (response: ServerResponse) => unknown): Promise<string> {
  const server = createServer((_request, response) => void answer(response)).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
