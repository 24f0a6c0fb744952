import type { Trigger } from '@jejunetwork/sdk'
import type { Hex } from 'viem'

/** One execution that the chain says is due. */
export type Due = {
  triggerId: bigint
  input: Hex
  kind: 'cron' | 'webhook' | 'event'
  /** Tick, nonce or the log's place. */
  key: bigint
  gasLimit: bigint
  /** Of a cron trigger: missed ticks fold into one run. */
  folds: boolean
  /** Undefined if nobody pays. */
  maxGasPrice: bigint | undefined
}

/** Reasons that may pass. */
export const passing: readonly Trigger.Reason[] = [
  'paused',
  'too early',
  'price too high',
  'not covered',
  'too little gas',
]

export function dueOf(
  { config, gasLimit, kind, sponsor, triggerId }: Trigger.Trigger,
  { input, key }: Pick<Due, 'input' | 'key'>,
): Due {
  const folds = config.kind === 'cron' && config.policy !== 'backfill'
  return { folds, gasLimit, input, key, kind, maxGasPrice: sponsor?.maxGasPrice, triggerId }
}

/** By which keepers tell each other what they work on. */
export const nameOf = ({ key, triggerId }: Pick<Due, 'key' | 'triggerId'>): string => `${triggerId}/${key}`

/** When it became due, where its key says that. */
export const dueSince = ({ key, kind }: Due): bigint | undefined => (kind === 'cron' ? key : undefined)

/** What does not pay, or is too dear, is looked at again after this long. */
export const REST_SECONDS = 10n
