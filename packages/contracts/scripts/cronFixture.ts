#!/usr/bin/env node
// Writes test/Cron/croner.bin: what croner says is the next tick, for 2,100 expressions at ten times each. The same every time.
// Record: length of the expression u8 | expression | offset in quarter hours i8 | ten times (time u32 | next minute u32, 0 for never).
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cron } from 'croner'

const EXPRESSIONS = 2_100
const TIMES = 10
const FROM = 946_684_800 // the year 2000
const SPAN = 2_800_000_000 // to 2088
const BOUNDS = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const
const KNOWN = [
  '* * * * *',
  '*/5 * * * *',
  '0 0 * * *',
  '30 12 * * 1-5',
  '0 0 29 2 *',
  '59 23 31 12 *',
  '15 3 13 * 5',
  '0 0 29 2 1',
  '0 0 31 * *',
  '0 0 */31 * *',
  '*/7 1-5/2 */3 2,6 *',
  '0 0 * * 7',
  '0 0 1 1 */2',
]

let state = 0x9e3779b9n
function random(below: number): number {
  state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn
  return Number((state >> 20n) % BigInt(below))
}

function part([least, most]: readonly [number, number]): string {
  const from = least + random(most - least + 1)
  const to = from + random(most - from + 1)
  const form = random(6)
  if (form === 0) return `${from}-${to}`
  if (form === 1) return `${from}-${to}/${1 + random(Math.max(1, to - from))}`
  if (form === 2) return `*/${1 + random(most - least)}`
  return String(from)
}

function field(bounds: readonly [number, number]): string {
  if (random(5) < 2) return '*'
  return Array.from({ length: random(4) === 0 ? 1 + random(3) : 1 }, () => part(bounds)).join(',')
}

const records: Buffer[] = []
const seen = new Set<string>()
for (let i = 0; i < EXPRESSIONS; i++) {
  let expression = KNOWN[i]
  while (expression === undefined || seen.has(expression)) expression = BOUNDS.map(field).join(' ')
  seen.add(expression)
  const cron = new Cron(expression, { timezone: 'Etc/UTC' })
  const quarters = i % 3 === 0 ? 0 : random(113) - 56
  const record = Buffer.alloc(2 + expression.length + 8 * TIMES)
  record.writeUInt8(expression.length)
  record.write(expression, 1, 'ascii')
  record.writeInt8(quarters, 1 + expression.length)
  for (let j = 0; j < TIMES; j++) {
    const time = FROM + random(SPAN)
    const next = cron.nextRun(new Date((time + quarters * 900) * 1000))
    const at = 2 + expression.length + 8 * j
    record.writeUInt32BE(time, at)
    record.writeUInt32BE(next ? (next.getTime() / 1000 - quarters * 900) / 60 : 0, at + 4)
  }
  records.push(record)
}
writeFileSync(join(import.meta.dirname, '../test/Cron/croner.bin'), Buffer.concat(records))
console.log(`Wrote ${EXPRESSIONS * TIMES} cases.`)
