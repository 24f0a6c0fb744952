/** What a keeper counts, in Prometheus' text format. */
export type Metrics = {
  add(name: Counter, options?: { labels?: Labels; value?: number }): void
  set(name: Gauge, value: number, labels?: Labels): void
  observe(name: 'lag_seconds', value: number): void
  text(): string
}

type Labels = Readonly<Record<string, string>>
type Counter = keyof typeof COUNTERS
type Gauge = keyof typeof GAUGES

const COUNTERS = {
  executions_total: 'Triggers executed, by kind and by whether the call succeeded.',
  failures_total: 'Looks at the chain that failed; the next one comes.',
  missed_ticks_total:
    'Ticks that nobody ran in time, by what the catch-up policy did: folded, or expired (as spans).',
  repaid_wei_total: 'What sponsors repaid, in wei.',
  skips_total: 'Executions that came too late, after another keeper: their gas is lost. By reason.',
  spent_wei_total: 'What executions cost, in wei.',
  unprofitable_total: 'Batches that were not sent because they would not repay their gas.',
} as const

const GAUGES = {
  balance_wei: "The account's balance, in wei.",
  credit_wei: 'What was earned and not collected yet, in wei.',
  head_block: 'The newest block that was seen.',
  lane_depth: 'Transactions asked for and not mined yet.',
  open_work: 'Accepted deliveries and found logs that are not executed yet, by kind.',
} as const

const LAG = 'From when a tick was due until its execution was mined, in seconds of the chain.'
const BUCKETS = [5, 15, 30, 60, 120, 300, 900, 3_600]

export function createMetrics(): Metrics {
  const values = new Map<string, Map<string, number>>()
  const of = (name: string) => {
    const found = values.get(name) ?? new Map<string, number>()
    values.set(name, found)
    return found
  }
  const increase = (name: string, labels: string, by: number) =>
    void of(name).set(labels, (of(name).get(labels) ?? 0) + by)
  return {
    add: (name, { labels = {}, value = 1 } = {}) => increase(name, format(labels), value),
    observe(name, value) {
      for (const bucket of BUCKETS)
        increase(`${name}_bucket`, format({ le: `${bucket}` }), value <= bucket ? 1 : 0)
      increase(`${name}_bucket`, format({ le: '+Inf' }), 1)
      increase(`${name}_sum`, '', value)
      increase(`${name}_count`, '', 1)
    },
    set: (name, value, labels = {}) => void of(name).set(format(labels), value),
    text() {
      const lines: string[] = []
      const series = (name: string, fallback: boolean) => {
        if (fallback && !values.has(name)) lines.push(`jeju_keeper_${name} 0`)
        for (const [labels, value] of values.get(name) ?? [])
          lines.push(`jeju_keeper_${name}${labels} ${value}`)
      }
      const head = (name: string, { help, type }: { help: string; type: string }) =>
        lines.push(`# HELP jeju_keeper_${name} ${help}`, `# TYPE jeju_keeper_${name} ${type}`)
      for (const [name, help] of Object.entries(COUNTERS)) {
        head(name, { help, type: 'counter' })
        series(name, true)
      }
      for (const [name, help] of Object.entries(GAUGES)) {
        head(name, { help, type: 'gauge' })
        series(name, false)
      }
      head('lag_seconds', { help: LAG, type: 'histogram' })
      for (const part of ['bucket', 'sum', 'count']) series(`lag_seconds_${part}`, part !== 'bucket')
      return `${lines.join('\n')}\n`
    },
  }
}

function format(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
