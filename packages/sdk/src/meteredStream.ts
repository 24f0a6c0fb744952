import { ComputeError } from './Errors.ts'
import { costOf, type Price, type Usage } from './Usage.ts'

/** The provider counted more than it can have delivered, or the request would cost more than its limit. Nothing more was signed. */
export class OverchargedError extends ComputeError {
  override readonly name = 'OverchargedError'

  constructor({ got, limit, what }: { what: string; got: number | bigint; limit: number | bigint }) {
    super(`The provider asks for ${got} ${what}; at most ${limit} is right. Nothing more was paid.`)
  }
}

/** A line of an answer is longer than any answer. Nothing more was paid. */
export class EndlessLineError extends ComputeError {
  override readonly name = 'EndlessLineError'

  constructor() {
    super('The provider sends a line without an end. Nothing more was paid.')
  }
}

/** A request on its way: what was counted so far, and what can be right at most. */
export type Meter = {
  readonly price: Price
  readonly limits: { inputTokens: number; outputTokens: number; cost: bigint }
  readonly onCharge: (charge: { cost: bigint; tokens: number; asked: bigint }) => void
  usage: Usage
  cost: bigint
  textBytes: number
  /** The text of the answer, as the receipt counts it. */
  text: string
  /** What came with the last note. */
  receipt: SignedTally | undefined
  /** Tokens may be ahead of text by an unfinished character and a stop sequence. */
  readonly slackTokens: number
  done: boolean
  line: string
  event: string
  /** The answer to a request that asked for no stream. */
  response: string | undefined
  failure: string | undefined
}

/** A provider's signature of a receipt, and the tally in it; all else is known to the payer. */
export type SignedTally = { tally: string; signature: string }

const LONGEST_LINE = 16 << 20

const encoder = new TextEncoder()

/** A meter of a request of which nothing has arrived yet. */
export function createMeter(options: Pick<Meter, 'price' | 'limits' | 'onCharge' | 'slackTokens'>): Meter {
  return {
    ...options,
    cost: 0n,
    done: false,
    event: '',
    failure: undefined,
    line: '',
    receipt: undefined,
    response: undefined,
    text: '',
    textBytes: 0,
    usage: { inputTokens: 0, outputTokens: 0 },
  }
}

/** Reads a piece of an event stream: counts the text in `data` lines, charges by `: jeju` lines. */
export function read(meter: Meter, text: string): void {
  const [end = '', ...others] = text.split('\n')
  meter.line += end
  if (meter.line.length > LONGEST_LINE) throw new EndlessLineError()
  for (const next of others) {
    const { line } = meter
    meter.line = next
    readLine(meter, line)
  }
}

function readLine(meter: Meter, line: string): void {
  if (line.startsWith(': jeju ')) charge(meter, JSON.parse(line.slice(7)) as UsageLine)
  else if (line.startsWith('event: ')) meter.event = line.slice(7).trim()
  else if (line.startsWith('data: ')) data(meter, line.slice(6))
  else if (line === '') meter.event = ''
}

type UsageLine = { input: number; output: number; asked: string; done?: boolean; receipt?: SignedTally }

function charge(meter: Meter, { asked, done, input, output, receipt }: UsageLine): void {
  const { limits, usage } = meter
  const outputLimit = Math.min(limits.outputTokens, meter.textBytes + meter.slackTokens)
  const cost = costOf({ inputTokens: input, outputTokens: output }, meter.price)
  const grown = input - usage.inputTokens + (output - usage.outputTokens)
  require(input, limits.inputTokens, 'input tokens')
  require(output, outputLimit, 'output tokens')
  require(cost, limits.cost, 'wei')

  meter.done = done === true
  meter.receipt = receipt
  if (cost < meter.cost || grown < 0) return
  meter.onCharge({ asked: BigInt(asked), cost: cost - meter.cost, tokens: grown })
  meter.usage = { inputTokens: input, outputTokens: output }
  meter.cost = cost
}

function require(got: number | bigint, limit: number | bigint, what: string): void {
  if (!(got >= 0 && got <= limit)) throw new OverchargedError({ got, limit, what })
}

function data(meter: Meter, json: string): void {
  if (meter.event === 'response') {
    meter.response = json
    return
  }
  if (json === '[DONE]') return
  const event = JSON.parse(json) as { choices?: { delta?: unknown; text?: unknown }[]; error?: unknown }
  if (event.error !== undefined) meter.failure = json
  for (const { delta, text } of event.choices ?? []) {
    meter.textBytes += bytesOf(text) + bytesOf(delta)
    meter.text += textOf(text) + textOf((delta as { content?: unknown } | undefined)?.content)
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Bytes of all strings in a value, whatever it is: content, reasoning, arguments of tools. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return encoder.encode(value).length
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce((sum: number, part) => sum + bytesOf(part), 0)
}
