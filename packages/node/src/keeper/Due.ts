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
  { gasLimit, kind, sponsor, triggerId }: Trigger.Trigger,
  { input, key }: Pick<Due, 'input' | 'key'>,
): Due {
  return { gasLimit, input, key, kind, maxGasPrice: sponsor?.maxGasPrice, triggerId }
}
