import type { ServerResponse } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { serve } from '../../../../test/serve.ts'
import { modelsAt } from './findProvider.ts'

test('of a list of models only models count', async () => {
  const url = await open((response) => response.end('{"data":[null,{"id":5},"x",{"id":"good"}]}'))
  expect(await modelsAt(url)).toEqual([{ id: 'good' }])
  expect(await modelsAt(await open((response) => response.end('null')))).toEqual([])
})

test('nobody is sent on to another place', async () => {
  let asked = 0
  const elsewhere = await open((response) => {
    asked++
    response.end('{"data":[{"id":"inside"}]}')
  })
  const url = await open((response) => response.writeHead(307, { location: elsewhere }).end())
  expect(await modelsAt(url)).toEqual([])
  expect(asked).toBe(0)
})

test('an answer without an end is not read', async () => {
  let sent = 0
  const url = await open((response) => {
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

async function open(answer: (response: ServerResponse) => unknown): Promise<string> {
  const { close, url } = await serve((_request, response) => void answer(response))
  onTestFinished(close)
  return url
}
