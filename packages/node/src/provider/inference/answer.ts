import type { Usage } from '@jejunetwork/sdk'
import type { Engine } from './engine.ts'

/** The objects of one answer in OpenAI's shape, for chat or for plain completions. */
export type Answer = {
  /** Opens a stream. */
  first(): object | undefined
  piece(text: string): object
  last(finish: Engine.Finish): object
  usage(usage: Usage): object
  /** The whole answer at once. */
  whole(text: string, end: { finish: Engine.Finish; usage: Usage }): object
}

export function createAnswer(options: createAnswer.Options): Answer {
  const { chat, id, includeUsage, model } = options
  const created = Math.floor(Date.now() / 1000)
  const head = { created, id: `${chat ? 'chatcmpl' : 'cmpl'}-${id}`, model }
  const chunkHead = {
    ...head,
    object: chat ? 'chat.completion.chunk' : 'text_completion',
    ...(includeUsage && { usage: null }),
  }
  const chunk = (content: { delta: object } | { text: string }, finish: Engine.Finish | null = null) => ({
    ...chunkHead,
    choices: [{ index: 0, ...content, finish_reason: finish, logprobs: null }],
  })

  return {
    first: () => (chat ? chunk({ delta: { content: '', role: 'assistant' } }) : undefined),
    last: (finish) => chunk(chat ? { delta: {} } : { text: '' }, finish),
    piece: (text) => chunk(chat ? { delta: { content: text } } : { text }),
    usage: (usage) => ({ ...chunkHead, choices: [], usage: usageObject(usage) }),
    whole: (text, { finish, usage }) => {
      const content = chat ? { message: { content: text, refusal: null, role: 'assistant' } } : { text }
      const choices = [{ index: 0, ...content, finish_reason: finish, logprobs: null }]
      const object = chat ? 'chat.completion' : 'text_completion'
      return { ...head, choices, object, usage: usageObject(usage) }
    },
  }
}

export declare namespace createAnswer {
  type Options = { chat: boolean; id: string; model: string; includeUsage: boolean }
}

function usageObject({ inputTokens, outputTokens }: Usage): object {
  return {
    completion_tokens: outputTokens,
    prompt_tokens: inputTokens,
    total_tokens: inputTokens + outputTokens,
  }
}
