import type { Engine } from './engine.ts'
import { OpenAiError } from './OpenAiError.ts'

/** How text is drawn. */
export type Sampling = { temperature: number; topP: number; stop: readonly string[] }

/** A request for text, checked. `messages` for chat, else `prompt`. */
export type CompletionRequest = {
  model: string
  messages: readonly Engine.Message[] | undefined
  prompt: string
  maxTokens: number | undefined
  seed: number | undefined
  sampling: Sampling
  stream: boolean
  includeUsage: boolean
}

const UNSUPPORTED = [
  'tools',
  'functions',
  'audio',
  'logit_bias',
  'logprobs',
  'top_logprobs',
  'suffix',
  'echo',
]
const ROLES = ['system', 'developer', 'user', 'assistant']

/** Reads a body as OpenAI's clients send it. What is unknown is ignored; what would change the answer is refused. */
export function readRequest(bytes: Uint8Array, { chat }: { chat: boolean }): CompletionRequest {
  const body = parse(bytes)
  const model = body['model']
  if (typeof model !== 'string') throw invalid('model', 'must be the name of a model')
  for (const param of UNSUPPORTED) if (isGiven(body[param])) throw invalid(param, 'is not supported')
  for (const param of ['n', 'best_of'])
    if (isGiven(body[param]) && body[param] !== 1) throw invalid(param, 'must be 1')
  const format = body['response_format'] as { type?: unknown } | undefined
  if (isGiven(format) && format?.type !== 'text') throw invalid('response_format', 'must be of type text')

  const options = body['stream_options'] as { include_usage?: unknown } | undefined
  return {
    includeUsage: options?.include_usage === true,
    maxTokens:
      number(body, 'max_completion_tokens', { min: 1, whole: true }) ??
      number(body, 'max_tokens', { min: 1, whole: true }),
    messages: chat ? messagesOf(body['messages']) : undefined,
    model,
    prompt: chat ? '' : promptOf(body['prompt']),
    sampling: {
      stop: stopsOf(body['stop']),
      temperature: number(body, 'temperature', { max: 2, min: 0 }) ?? 0.7,
      topP: number(body, 'top_p', { max: 1, min: 0 }) ?? 0.9,
    },
    seed: number(body, 'seed', { min: Number.MIN_SAFE_INTEGER, whole: true }),
    stream: body['stream'] === true,
  }
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof body === 'object' && body !== null && !Array.isArray(body))
      return body as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw new OpenAiError(400, 'invalid_json', 'The body must be a JSON object.')
}

function messagesOf(value: unknown): Engine.Message[] {
  if (!Array.isArray(value) || value.length === 0)
    throw invalid('messages', 'must be a list with at least one message')
  return value.map((message: { role?: unknown; content?: unknown } | null, index) => {
    const role = message?.role
    const param = `messages[${index}]`
    if (typeof role !== 'string' || !ROLES.includes(role))
      throw invalid(`${param}.role`, `must be one of ${ROLES.join(', ')}`)
    return {
      content: textOf(message?.content, `${param}.content`),
      role: role === 'developer' ? 'system' : role,
    }
  })
}

function textOf(content: unknown, param: string): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) throw invalid(param, 'must be text')
  return content
    .map((part: { type?: unknown; text?: unknown } | null) => {
      if (part?.type !== 'text' || typeof part.text !== 'string') throw invalid(param, 'must hold text only')
      return part.text
    })
    .join('')
}

function promptOf(value: unknown): string {
  const prompt = Array.isArray(value) && value.length === 1 ? value[0] : value
  if (typeof prompt !== 'string' || prompt === '')
    throw invalid('prompt', 'must be one text that is not empty')
  return prompt
}

function stopsOf(value: unknown): string[] {
  const stops: unknown[] = isGiven(value) ? [value].flat() : []
  const right = stops.every((stop) => typeof stop === 'string' && stop !== '' && stop.length <= 256)
  if (stops.length > 4 || !right) throw invalid('stop', 'must be at most 4 texts of 1 to 256 characters')
  return stops as string[]
}

type Range = { min: number; max?: number; whole?: boolean }

function number(body: Record<string, unknown>, param: string, range: Range): number | undefined {
  const value = body[param]
  if (!isGiven(value)) return undefined
  const { max = Number.MAX_SAFE_INTEGER, min, whole = false } = range
  const right =
    typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value))
  if (!right) throw invalid(param, `must be a${whole ? ' whole' : ''} number from ${min} to ${max}`)
  return value
}

function isGiven(value: unknown): boolean {
  return (
    value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0)
  )
}

function invalid(param: string, what: string): OpenAiError {
  return new OpenAiError(400, 'invalid_value', `'${param}' ${what}.`, { param })
}
