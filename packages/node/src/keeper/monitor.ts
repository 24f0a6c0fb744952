import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TriggerRegistryAbi as abi } from '@jejunetwork/sdk'
import { listen } from '../listen.ts'
import type { Desk } from './Desk.ts'

const HOST = '127.0.0.1'
/** Without a look at the chain for so many polls, and this many milliseconds, a keeper is not well. */
const POLLS = 5
const PATIENCE_MS = 120_000

export type Monitor = { url: string; close(): Promise<void> }

/** Serves `/metrics` to Prometheus and `/health` to a supervisor, on this machine alone. */
export async function openMonitor(
  desk: Desk,
  { pollMs, port }: openMonitor.Options,
): Promise<Monitor | undefined> {
  if (port === undefined) return undefined
  const patienceMs = POLLS * pollMs + PATIENCE_MS
  const server = createServer(async (request, response) => {
    if (request.url === '/metrics') {
      await measure(desk)
      response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8').end(desk.metrics.text())
    } else if (request.url === '/health') {
      const ageMs = Math.round(performance.now() - desk.known.lookedAt)
      const status = ageMs <= patienceMs ? 'ok' : 'the chain was not seen for too long'
      response.writeHead(status === 'ok' ? 200 : 503, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ lastLookMs: ageMs, status }))
    } else response.writeHead(404).end('There is /metrics and /health.\n')
  })
  await listen(server, { host: HOST, mend: 'choose another port with --metrics-port', port })
  return {
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
    url: `http://${HOST}:${(server.address() as AddressInfo).port}`,
  }
}

export declare namespace openMonitor {
  type Options = { pollMs: number; port: number | undefined }
}

/** What is true now; what can't be asked for is left as it was. */
async function measure({ client, deployment, known, metrics, sender, store }: Desk): Promise<void> {
  const { address } = sender
  const contract = { abi, address: deployment.triggerRegistry } as const
  metrics.set('lane_depth', sender.depth)
  if (known.block) metrics.set('head_block', Number(known.block.number))
  await Promise.allSettled([
    client.getBalance({ address }).then((wei) => metrics.set('balance_wei', Number(wei))),
    client
      .readContract({ ...contract, args: [address], functionName: 'creditOf' })
      .then((wei) => metrics.set('credit_wei', Number(wei))),
    store.deliveries.open().then(({ length }) => metrics.set('open_work', length, { kind: 'webhook' })),
    store.logs.open().then(({ length }) => metrics.set('open_work', length, { kind: 'event' })),
  ])
}
