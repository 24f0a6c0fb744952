import {
  type Address,
  BaseError,
  formatLog,
  type Hex,
  HttpRequestError,
  type Log,
  numberToHex,
  type RpcLog,
} from 'viem'
import type { Desk } from '../Desk.ts'

/** So many blocks are asked for at once, unless the node refuses. */
const MOST_BLOCKS = 8_192n

/** Reads logs in as large pieces as the node allows, oldest first. */
export async function* readLogs(
  { client, log, spans }: Pick<Desk, 'client' | 'log' | 'spans'>,
  { filter, from, to }: readLogs.Options,
): AsyncGenerator<{ logs: readonly Log[]; upTo: bigint }> {
  for (let start = from; start <= to; ) {
    const end = start + spans.logs - 1n < to ? start + spans.logs - 1n : to
    try {
      const range = { fromBlock: numberToHex(start), toBlock: numberToHex(end) }
      const logs = (await client.request({
        method: 'eth_getLogs',
        params: [{ ...filter, ...range }] as never,
      })) as unknown as readonly RpcLog[] | null
      // Warning: some nodes answer so for blocks that they do not have yet. It is not the same as no logs.
      if (logs === null) throw new Error('The node did not answer a question for logs.')
      yield { logs: logs.map((one) => formatLog(one) as Log), upTo: end }
      start = end + 1n
      if (spans.logs < MOST_BLOCKS) spans.logs *= 2n
    } catch (error) {
      if (end === start || isAway(error)) throw error
      spans.logs = (end - start + 1n) / 2n
      log.info('the node refused a range of logs; a smaller one is asked for', { blocks: spans.logs, error })
    }
  }
}

export declare namespace readLogs {
  type Filter = { address: readonly Address[]; topics: readonly (readonly Hex[])[] }
  type Options = { filter: Filter; from: bigint; to: bigint }
}

/** Whether the node could not be reached at all, for which a smaller range is no help. */
function isAway(error: unknown): boolean {
  const failure = error instanceof BaseError ? error.walk((cause) => cause instanceof HttpRequestError) : null
  return failure instanceof HttpRequestError && failure.status === undefined
}
