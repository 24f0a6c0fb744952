import { expect, test } from 'vitest'
import { createMeter, type Meter, read } from './meteredStream.ts'

const price = { inputPrice: 1_000_000n, outputPrice: 3_000_000n }

test('charges what is noted, once, however the bytes are cut', () => {
  const { charges, meter } = setup()
  const stream = `data: {"choices":[{"delta":{"content":"Hé🎉"}}]}\n${note(5, 2)}\ndata: {"choices":[{"delta":{"content":"!"}}]}\n${note(5, 3, true)}\ndata: [DONE]\n\n`
  for (const character of stream) read(meter, character)
  expect(charges).toEqual([11n, 3n])
  expect(meter.usage).toEqual({ inputTokens: 5, outputTokens: 3 })
  expect(meter.done).toBe(true)
})

test('does not pay for tokens that cannot be in the text', () => {
  const { charges, meter } = setup()
  read(meter, text('ab'))
  read(meter, note(5, 10))
  expect(() => read(meter, note(5, 11))).toThrow('asks for 11 output tokens; at most 10 is right')
  expect(() => read(meter, note(101, 10))).toThrow('input tokens')
  expect(charges).toHaveLength(1)
})

test('does not pay above the limit, or below what it paid', () => {
  const { charges, meter } = setup({ cost: 20n })
  read(meter, text('abcdef'))
  read(meter, note(5, 5))
  expect(() => read(meter, note(5, 6))).toThrow('asks for 23 wei; at most 20 is right')
  read(meter, note(5, 2))
  expect(() => read(meter, note(5, -1))).toThrow('output tokens')
  expect(charges).toEqual([20n])
})

test('a line without an end is not kept', () => {
  const { meter } = setup()
  const piece = 'x'.repeat(1 << 20)
  const flood = () => {
    for (let count = 0; count < 20; count++) read(meter, piece)
  }
  expect(flood).toThrow('a line without an end')
})

test('rounds down once for the whole request', () => {
  const { charges, meter } = setup({}, { inputPrice: 0n, outputPrice: 400_000n })
  read(meter, text('abcdefgh'))
  for (const output of [1, 2, 3, 4, 5]) read(meter, note(0, output))
  expect(charges.reduce((sum, cost) => sum + cost, 0n)).toBe(2n)
})

test('keeps the answer in one piece, and the failure', () => {
  const { meter } = setup()
  read(meter, 'event: response\ndata: {"id":"x"}\n\ndata: {"error":{"code":"payment_timeout"}}\n\n')
  expect(meter.response).toBe('{"id":"x"}')
  expect(meter.failure).toContain('payment_timeout')
})

function setup(limits: Partial<Meter['limits']> = {}, at = price) {
  const charges: bigint[] = []
  const meter = createMeter({
    limits: { cost: 1_000n, inputTokens: 100, outputTokens: 100, ...limits },
    onCharge: ({ cost }) => charges.push(cost),
    price: at,
    slackTokens: 8,
  })
  return { charges, meter }
}

function text(content: string): string {
  return `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`
}

function note(input: number, output: number, done = false): string {
  return `: jeju ${JSON.stringify({ asked: '0', input, output, ...(done && { done }) })}\n`
}
