import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { TryLaterError } from '../errors.ts'

type Chunk = {
  choices?: { delta?: { content?: string | null } }[]
  usage?: readDeltas.Usage | null
  error?: { message: string }
}

/** Reads a streamed chat completion, piece by piece. */
export async function readDeltas(
  body: ReadableStream,
  onText: (piece: string) => void,
): Promise<readDeltas.Result> {
  const result: readDeltas.Result = { text: '', usage: { completion_tokens: 0, prompt_tokens: 0 } }
  for await (const line of createInterface(Readable.fromWeb(body))) {
    const data = line.startsWith('data: ') ? line.slice('data: '.length) : '[DONE]'
    if (data === '[DONE]') continue
    const { choices, error, usage } = JSON.parse(data) as Chunk
    if (error) throw new TryLaterError(error.message)
    const piece = choices?.[0]?.delta?.content ?? ''
    result.text += piece
    onText(piece)
    if (usage) result.usage = usage
  }
  return result
}

export declare namespace readDeltas {
  type Usage = { prompt_tokens: number; completion_tokens: number }
  type Result = { text: string; usage: Usage }
}
