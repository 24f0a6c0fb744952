import { availableParallelism } from 'node:os'
import type { LlamaContextSequence, LlamaModel, Token } from 'node-llama-cpp'
import type { Sampling } from './completionRequest.ts'

/** Generates text. The one here runs a GGUF file inside this process. */
export type Engine = {
  readonly contextSize: number
  /** How many requests run at once. */
  readonly parallel: number
  /** The prompt of a conversation. Text that looks like a control token stays text: nobody can fake another's turn. */
  promptOfChat(messages: readonly Engine.Message[]): Engine.Prompt
  promptOfText(text: string): Engine.Prompt
  /** Yields text as it is ready; tokens without finished text come with the next piece. Ends by itself or when stopped. */
  generate(prompt: Engine.Prompt, options: Engine.Options): AsyncGenerator<Engine.Piece, Engine.Finish>
  close(): Promise<void>
}

export declare namespace Engine {
  type Message = { role: string; content: string }
  type Prompt = readonly Token[]
  type Piece = { text: string; tokens: number }
  type Finish = 'stop' | 'length'
  type Options = { sampling: Sampling; maxTokens: number; seed: number; signal: AbortSignal }
}

const PARALLEL = 4
/** A token holds at least one byte, a character at most four. */
const LONGEST_CHARACTER = 4
const UNFINISHED = '\ufffd'

/** Loads a model. Warning: two math threads on two cores are slower than one, so one core is left to Node. */
export async function loadEngine(options: loadEngine.Options): Promise<Engine> {
  const threads = options.threads ?? Math.max(1, availableParallelism() - 1)
  const { getLlama, LlamaLogLevel } = await importLlama()
  const llama = await getLlama({
    build: 'never',
    gpu: false,
    logLevel: LlamaLogLevel.error,
    maxThreads: threads,
    progressLogs: false,
  })
  const model = await llama.loadModel({ modelPath: options.modelPath })
  const contextSize = Math.min(model.trainContextSize, options.contextSize ?? 4096)
  const context = await model.createContext({ batchSize: 512, contextSize, sequences: PARALLEL, threads })
  const free = Array.from({ length: PARALLEL }, () => context.getSequence())
  const control = controlTokens(model)

  return {
    close: () => llama.dispose(),
    contextSize: context.contextSize,
    async *generate(prompt, generation) {
      const sequence = free.pop()
      if (sequence === undefined) throw new Error('More requests run than there are sequences.')
      try {
        await sequence.clearHistory()
        return yield* speak(model, { ...generation, prompt, sequence })
      } finally {
        free.push(sequence)
      }
    },
    parallel: PARALLEL,
    promptOfChat: (messages) => [
      ...messages.flatMap(({ content, role }) => [
        control.start,
        ...model.tokenize(`${role}\n${content}`, false),
        control.end,
        ...model.tokenize('\n', false),
      ]),
      control.start,
      ...model.tokenize('assistant\n', false),
    ],
    promptOfText: (text) => model.tokenize(text, false),
  }
}

export declare namespace loadEngine {
  type Options = { modelPath: string; threads?: number | undefined; contextSize?: number | undefined }
}

type Speech = Engine.Options & { prompt: Engine.Prompt; sequence: LlamaContextSequence }

async function* speak(model: LlamaModel, speech: Speech): AsyncGenerator<Engine.Piece, Engine.Finish> {
  const { maxTokens, prompt, sampling, seed, sequence, signal } = speech
  const pending: Token[] = []
  let [held, heldTokens, count] = ['', 0, 0]
  const { temperature, topP } = sampling
  const tokens = sequence.evaluate([...prompt], { seed, temperature, topK: 40, topP, yieldEogToken: true })

  for await (const token of tokens) {
    signal.throwIfAborted()
    if (model.isEogToken(token) || model.isSpecialToken(token)) {
      const text = held + model.detokenize(pending)
      if (text !== '' || pending.length > 0) yield { text, tokens: heldTokens + pending.length }
      return 'stop'
    }

    count++
    pending.push(token)
    let text = model.detokenize(pending)
    const last = count === maxTokens
    if (text.endsWith(UNFINISHED) && pending.length < LONGEST_CHARACTER && !last) continue

    text = held + text
    heldTokens += pending.length
    pending.length = 0
    const stop = firstStop(text, sampling.stop)
    if (stop !== -1) {
      yield { text: text.slice(0, stop), tokens: heldTokens }
      return 'stop'
    }
    const safe = last ? text.length : text.length - heldBack(text, sampling.stop)
    held = text.slice(safe)
    if (safe > 0) {
      yield { text: text.slice(0, safe), tokens: heldTokens }
      heldTokens = 0
    }
    if (last) return 'length'
  }
  return 'length'
}

function firstStop(text: string, stops: readonly string[]): number {
  const places = stops.map((stop) => text.indexOf(stop)).filter((place) => place !== -1)
  return places.length === 0 ? -1 : Math.min(...places)
}

/** How much of the end could be the beginning of a stop sequence. */
function heldBack(text: string, stops: readonly string[]): number {
  const longest = Math.max(0, ...stops.map((stop) => stop.length - 1))
  for (let length = Math.min(longest, text.length); length > 0; length--) {
    if (stops.some((stop) => stop.startsWith(text.slice(-length)))) return length
  }
  return 0
}

function controlTokens(model: LlamaModel): { start: Token; end: Token } {
  const [start, ...more] = model.tokenize('<|im_start|>', true)
  const [end, ...others] = model.tokenize('<|im_end|>', true)
  if (start === undefined || end === undefined || more.length + others.length > 0) {
    throw new Error('The model must use the ChatML format; it has no <|im_start|> and <|im_end|> tokens.')
  }
  return { end, start }
}

async function importLlama(): Promise<typeof import('node-llama-cpp')> {
  try {
    return await import('node-llama-cpp')
  } catch (cause) {
    const message =
      'Serving a model from a file needs node-llama-cpp 3.22.1: npm install node-llama-cpp@3.22.1.'
    throw new Error(message, { cause })
  }
}
