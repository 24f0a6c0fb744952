import { baseUrl } from '../proxy/baseUrl.ts'
import type { Market } from './connect.ts'

const PROBE_MS = 5_000

/** Whether somebody is there who would notice a payment. Asked first: money for nobody comes back after ten minutes only. */
export async function isUp({ client }: Market, { endpoint }: { endpoint: string }): Promise<boolean> {
  const url = baseUrl(endpoint, { chainId: client.chain.id })
  if (url === undefined) return false
  const signal = AbortSignal.timeout(PROBE_MS)
  return fetch(`${url}/health`, { redirect: 'manual', signal }).then(
    async (answer) => {
      await answer.body?.cancel()
      return answer.ok
    },
    () => false,
  )
}
