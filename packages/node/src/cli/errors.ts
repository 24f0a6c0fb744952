import { ComputeError } from '@jejunetwork/sdk'

/** What was asked for cannot be done as it was asked; the sentence says what would be right. Exit code 1. */
export class UsageError extends ComputeError {
  override readonly name = 'UsageError'
}

/** The person at the terminal broke off. Exit code 130. */
export class InterruptedError extends ComputeError {
  override readonly name = 'InterruptedError'
}

/** Something outside does not answer now. Exit code 75. */
export class TryLaterError extends ComputeError {
  override readonly name = 'TryLaterError'
  override readonly retryable = true
}
