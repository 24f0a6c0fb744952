/** A failure as OpenAI's clients understand it. */
export class OpenAiError extends Error {
  override readonly name = 'OpenAiError'
  readonly status: number
  readonly code: string
  readonly param: string | null
  /** Terms of payment, for clients that pay. */
  readonly payment: object | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(status: number, code: string, message: string, options: OpenAiError.Options = {}) {
    super(message)
    this.status = status
    this.code = code
    this.param = options.param ?? null
    this.payment = options.payment
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

export declare namespace OpenAiError {
  type Options = { param?: string; payment?: object; retryAfterSeconds?: number }
}

/** The body of the answer. */
export function errorBody({ code, message, param, payment, status }: OpenAiError): object {
  const type = { 402: 'payment_required', 429: 'rate_limit_error' }[status]
  const kind = type ?? (status < 500 ? 'invalid_request_error' : 'server_error')
  return { error: { code, message, param, type: kind, ...(payment && { payment }) } }
}
