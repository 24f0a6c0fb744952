import {
  type AbiEvent,
  type Address,
  BaseError,
  type Client,
  type GetLogsReturnType,
  HttpRequestError,
  TimeoutError,
} from 'viem'
import { getBlockNumber, getLogs } from 'viem/actions'

/**
 * Logs from the newest block back to `fromBlock`, in pages that are newest last within. Providers limit how many blocks or logs
 * one question may cover, each differently: a range that is refused is asked for in halves.
 */
export async function* pagesOfLogs<const event extends AbiEvent>(
  client: Client,
  options: pagesOfLogs.Options<event>,
): AsyncGenerator<pagesOfLogs.Page<event>> {
  const { fromBlock, toBlock: last = await getBlockNumber(client, { cacheTime: 0 }), ...filter } = options
  let span = last - fromBlock + 1n
  for (let toBlock = last; toBlock >= fromBlock; ) {
    const from = toBlock - span + 1n > fromBlock ? toBlock - span + 1n : fromBlock
    try {
      const logs = await getLogs(client, { ...filter, fromBlock: from, strict: true, toBlock } as never)
      yield logs as never
      toBlock = from - 1n
    } catch (error) {
      if (span === 1n || !isAnswer(error)) throw error
      span = (toBlock - from + 2n) / 2n
    }
  }
}

export declare namespace pagesOfLogs {
  type Options<event extends AbiEvent> = {
    address: Address
    event: event
    args?: Record<string, unknown>
    fromBlock: bigint
    toBlock?: bigint
  }
  type Page<event extends AbiEvent> = GetLogsReturnType<event, [event], true, bigint, bigint>
}

/** Whether somebody answered, and did not want to: nobody there would not answer half of it either. */
function isAnswer(error: unknown): boolean {
  if (!(error instanceof BaseError)) return false
  const http = error.walk((cause) => cause instanceof HttpRequestError)
  if (http instanceof HttpRequestError) return http.status !== undefined
  return error.walk((cause) => cause instanceof TimeoutError) === null
}
