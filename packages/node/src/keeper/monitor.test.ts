import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { accountOf, type Chain, startChain } from '../../../../test/chain.ts'
import { countOf, createTrigger, deployCounter } from '../../../../test/keeper/market.ts'
import { createLog } from '../log.ts'
import { type Keeper, start } from './keeper.ts'
import { createMetrics } from './Metrics.ts'

let chain: Chain
let keeper: Keeper | undefined
const dataDir = mkdtempSync(join(tmpdir(), 'jeju-monitor-'))

beforeEach(async () => {
  chain = await startChain()
}, 180_000)
afterEach(async () => {
  await keeper?.close()
  await chain?.close()
  rmSync(dataDir, { force: true, recursive: true })
})

test('what a keeper does, misses and has is measured, and another cannot take its port', async () => {
  const target = await deployCounter(chain)
  await createTrigger(chain, { expression: '* * * * *', kind: 'cron', target })
  await chain.warp(305)
  keeper = await open(0)
  await expect.poll(() => countOf(chain, target), { timeout: 10_000 }).toBe(1)

  const metrics = async () => (await fetch(`${keeper?.metricsUrl}/metrics`)).text()
  await expect.poll(metrics).toContain('jeju_keeper_executions_total{kind="cron",result="success"} 1\n')
  await expect.poll(metrics).toMatch(/jeju_keeper_missed_ticks_total\{policy="coalesce"\} [45]\n/)
  const text = await metrics()
  expect(text).toContain('jeju_keeper_lag_seconds_count 1\n')
  expect(text).toContain('jeju_keeper_lag_seconds_bucket{le="60"} 0\n')
  expect(text).toContain('jeju_keeper_lane_depth 0\n')
  expect(text).toContain('jeju_keeper_skips_total 0\n')
  expect(text).toMatch(/jeju_keeper_balance_wei \d{21,}\n|jeju_keeper_balance_wei [\d.]+e\+21\n/)
  expect(text).toMatch(/jeju_keeper_credit_wei [1-9]\d+\n/)
  const health = await fetch(`${keeper.metricsUrl}/health`)
  expect([health.status, await health.json()]).toMatchObject([200, { status: 'ok' }])
  expect((await fetch(`${keeper.metricsUrl}/`)).status).toBe(404)

  const port = Number(new URL(String(keeper.metricsUrl)).port)
  await expect(open(port, 5)).rejects.toThrow(
    `Another program listens on port ${port} of 127.0.0.1; end it, or choose another port with --metrics-port.`,
  )
})

test('what was not counted yet is zero, and a histogram counts upwards', () => {
  const metrics = createMetrics()
  for (const seconds of [3, 40, 5_000]) metrics.observe('lag_seconds', seconds)
  metrics.add('skips_total', { labels: { reason: 'already done' } })
  const lines = metrics.text().split('\n')
  expect(lines).toContain('jeju_keeper_failures_total 0')
  expect(lines).toContain('jeju_keeper_skips_total{reason="already done"} 1')
  expect(lines.filter((line) => line.includes('_bucket')).map((line) => Number(line.split(' ')[1]))).toEqual([
    1, 1, 1, 2, 2, 2, 2, 2, 3,
  ])
  expect(lines).toContain('jeju_keeper_lag_seconds_sum 5043')
})

async function open(metricsPort: number, index = 4): Promise<Keeper> {
  const account = accountOf(index)
  const { client, deployment } = chain
  const config = { deployment, metricsPort, pollMs: 50, sessions: false, unpaid: false, webhooks: undefined }
  const deps = { account, client, log: createLog({ level: 'silent' }), signal: new AbortController().signal }
  return start({ ...config, dataDir: join(dataDir, `${index}`) }, deps)
}
