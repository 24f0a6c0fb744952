// What the guest's kernel does, and what the node makes of it. init.sh runs it as root, with nothing else in the guest.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { chown, open, readdir, readFile, writeFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { readReport, requireTee, TSM_REPORTS } from '../../packages/node/src/provider/attestation/tsm.ts'
import { intel, tdxQuote } from '../../test/attestation/Intel.ts'
import { until, watch } from '../../test/jejuCompute.ts'
import type { Told } from './host.ts'
import type { Answer, Question } from './Question.ts'
import { busybox, load, loadQuoted, NODE } from './Tee.ts'

const ENTRY = join(TSM_REPORTS, 'jeju-compute')
const SOURCES = join(import.meta.dirname, '../../packages/node/src')
const NOBODY = 65_534
/** To start node here takes half a minute. */
const SLOW = 180_000
const DATA = new Uint8Array(64).map((_, index) => index + 1)
const platform = intel()
const quote = ({ reportData }: Question): Answer => ({ report: tdxQuote(platform, { reportData }) })
const told: Told = JSON.parse(readFileSync('/run/told.json', 'utf8'))

test('without a driver there is no TEE', async () => {
  await fails(
    requireTee(TSM_REPORTS),
    /^Nothing gives reports in .*: neither tdx_guest nor sev_guest is loaded\.$/,
  )
})

test('a TDX report is had, and the entry is gone afterwards', async (t) => {
  const { asked } = await loaded(t, 'tdx_guest', quote)
  const { certificates, report, tee } = await readReport(TSM_REPORTS, DATA)
  assert.deepEqual([tee, certificates.length, asked], ['tdx', 0, [{ privlevel: 0, reportData: DATA }]])
  assert.deepEqual(reportDataOf(report), DATA)
  assert.deepEqual(await readdir(TSM_REPORTS), [])
})

test('an entry has these files, with these rights, which bind root too', async (t) => {
  await loaded(t, 'tdx_guest', quote)
  entry(t)
  const mode = (name: string) => (statSync(join(ENTRY, name)).mode & 0o777).toString(8)
  const files = (await readdir(ENTRY)).sort().map((name) => `${name} ${mode(name)}`)
  assert.deepEqual(files, ['generation 444', 'inblob 200', 'outblob 444', 'provider 444'])
  for (const flags of ['r', 'r+'])
    await assert.rejects(open(join(ENTRY, 'inblob'), flags), { code: 'EACCES' })
})

test('generation counts questions, and the TEE is asked once for each', async (t) => {
  const { asked } = await loaded(t, 'tdx_guest', quote)
  entry(t)
  assert.equal(generation(), 0)
  await assert.rejects(outblob(), { code: 'EINVAL' }, 'nothing was asked')
  const file = await open(join(ENTRY, 'inblob'), 'w')
  await file.write(DATA)
  assert.equal(generation(), 0, 'until it is closed')
  await file.close()
  assert.equal(generation(), 1)
  const first = await outblob()
  assert.deepEqual(await outblob(), first)
  assert.equal(asked.length, 1)
  await ask(new Uint8Array(64))
  assert.equal(generation(), 2)
  assert.deepEqual(reportDataOf(await outblob()), new Uint8Array(64))
  assert.equal(asked.length, 2)
})

test('what is too long is refused, and yet takes the place of the question', async (t) => {
  await loaded(t, 'tdx_guest', quote)
  entry(t)
  await ask(DATA)
  await assert.rejects(ask(new Uint8Array(65)), { code: 'EFBIG' })
  assert.equal(generation(), 2)
  await assert.rejects(outblob(), { code: 'EINVAL' })
})

test('what the driver fails with comes through, and a report is had the next time', async (t) => {
  let answer: (question: Question) => Answer | Promise<Answer> = quote
  await loaded(t, 'tdx_guest', (question) => answer(question), ['timeout=5'])
  for (const [name, why] of [
    ['EIO', 'the host did not have it signed'],
    ['EBUSY', 'the TEE is busy'],
  ] as const) {
    answer = () => ({ error: constants.errno[name] })
    await fails(readReport(TSM_REPORTS, DATA), new RegExp(`\\(${name}\\): ${why}\\.$`))
  }
  answer = () => ({ report: new Uint8Array(32_769) })
  await fails(readReport(TSM_REPORTS, DATA), /\(EFBIG\): the kernel has no room for so long a report\.$/)
  answer = () => wait(7_000, quote({ privlevel: 0, reportData: DATA }))
  await fails(readReport(TSM_REPORTS, DATA), /\(ETIMEDOUT\): the host's quoting service does not answer\.$/)
  await wait(3_000)
  answer = () => ({ report: new Uint8Array(32_768) })
  assert.equal((await readReport(TSM_REPORTS, DATA)).report.length, 32_768)
  assert.deepEqual(await readdir(TSM_REPORTS), [])
})

test('two that ask at once through one entry each get their own report', async (t) => {
  await loaded(t, 'tdx_guest', quote)
  entry(t)
  for (let round = 0; round < 5; round++) {
    const questions = [1, 2].map((value) => new Uint8Array(64).fill(value))
    const reports = await Promise.all(questions.map((data) => readReport(TSM_REPORTS, data)))
    assert.deepEqual(
      reports.map(({ report }) => reportDataOf(report)),
      questions,
    )
  }
})

test('a node that is not root has a report of an entry that root gave it, and no other', async (t) => {
  await loaded(t, 'tdx_guest', quote)
  const advice = /\(EACCES\): the node may not use it, so let root make jeju-compute there and give it, .*\.$/
  assert.match(await said(asNobody()), advice)
  entry(t)
  assert.match(await said(asNobody()), advice)
  for (const name of ['.', ...(await readdir(ENTRY))]) await chown(join(ENTRY, name), NOBODY, NOBODY)
  assert.match(await said(asNobody()), /^tdx \d+$/)
})

test('a node that is killed while it waits leaves its entry, which the next one uses', async (t) => {
  let answer: (question: Question) => Answer | Promise<Answer> = () =>
    wait(5_000, { report: new Uint8Array(8) })
  const { asked } = await loaded(t, 'tdx_guest', (question) => answer(question))
  const child = reading()
  await until('a question', async () => asked.length > 0, SLOW)
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.deepEqual(await readdir(TSM_REPORTS), ['jeju-compute'])
  await wait(5_000)
  answer = quote
  assert.deepEqual(reportDataOf((await readReport(TSM_REPORTS, DATA)).report), DATA)
  rmdirSync(ENTRY)
})

test('while an entry is there the driver may go, but none may come', async () => {
  const { unload } = await load('tdx_guest', quote)
  mkdirSync(ENTRY)
  await ask(DATA)
  await outblob()
  await unload()
  assert.deepEqual(reportDataOf(await outblob()), DATA, 'what it said is still there')
  await ask(DATA)
  await assert.rejects(outblob(), { code: 'ENXIO' })
  await fails(readReport(TSM_REPORTS, DATA), /\(ENXIO\): the guest's driver is gone\.$/)
  assert.throws(() => busybox('insmod', '/run/made_up_tee.ko'), /Device or resource busy/)
  rmdirSync(ENTRY)
  await fails(requireTee(TSM_REPORTS), /^Nothing gives reports/)
})

test('a SEV-SNP report comes with certificates where there are any', async (t) => {
  let certificates = new Uint8Array()
  const { asked } = await loaded(t, 'sev_guest', () => ({ certificates, report: new Uint8Array(1184) }))
  for (const length of [0, 5_000]) {
    certificates = new Uint8Array(length).fill(5)
    const report = await readReport(TSM_REPORTS, DATA)
    assert.deepEqual([report.tee, report.report.length, report.certificates], ['sev-snp', 1184, certificates])
  }
  assert.deepEqual(
    asked.map(({ privlevel }) => privlevel),
    [0, 0],
  )
})

test('under a paravisor a report of the lowest level that the kernel allows is asked for', async (t) => {
  const { asked } = await loaded(t, 'sev_guest', () => ({ report: new Uint8Array(1184) }), [
    'privlevel_floor=2',
  ])
  await readReport(TSM_REPORTS, DATA)
  assert.deepEqual(asked, [{ privlevel: 2, reportData: DATA }])
})

test('`jeju-compute provider start` has level 2, which another machine verifies', {
  timeout: 900_000,
}, async (t) => {
  const unload = await loadQuoted('tdx_guest', `${told.hostUrl}/tdx`)
  t.after(unload)
  writeFileSync('/run/deployment.json', JSON.stringify(told.deployment))
  const ports = ['--port', String(told.httpPort), '--ssh-port', String(told.sshPort)]
  const args = [...ports, '--host', '0.0.0.0', '--ssh-host', '0.0.0.0', '--no-inference']
  const env = {
    ...process.env,
    HOME: '/run',
    JEJU_DEPLOYMENT: '/run/deployment.json',
    JEJU_HOME: '/run/jeju',
    JEJU_PCCS_URL: told.pccsUrl,
    JEJU_PRIVATE_KEY: told.privateKey,
    JEJU_RPC_URL: told.rpcUrl,
  }
  const [file, ...flags] = NODE
  const start = [...flags, join(SOURCES, 'bin.ts'), 'provider', 'start', ...args]
  const node = watch(spawn(file, start, { env, stdio: ['ignore', 'pipe', 'inherit'] }))
  await node.says(/machine attested/, 600_000)
  const verified = await fetch(`${told.hostUrl}/verify`)
  const text = await verified.text()
  console.log(text)
  assert.equal(verified.status, 200)
  assert.equal(await node.end(), 0)
  assert.deepEqual(await readdir(TSM_REPORTS), [])
})

async function loaded(t: TestContext, ...args: Parameters<typeof load>) {
  const tee = await load(...args)
  t.after(tee.unload)
  return tee
}

/** Made as root may make it. */
function entry(t: TestContext): void {
  mkdirSync(ENTRY)
  t.after(() => rmdirSync(ENTRY))
}

const ask = (data: Uint8Array) => writeFile(join(ENTRY, 'inblob'), data)
const outblob = () => readFile(join(ENTRY, 'outblob'))
const generation = () => Number(readFileSync(join(ENTRY, 'generation'), 'utf8'))
/** Of a TDX quote, version 4. */
const reportDataOf = (report: Uint8Array) => new Uint8Array(report.subarray(568, 632))

async function fails(act: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(act, { message })
}

/** A process that asks for a report. */
function reading(...prefix: readonly string[]): ChildProcess {
  const script = `
    const { readReport } = await import('${SOURCES}/provider/attestation/tsm.ts')
    await readReport('${TSM_REPORTS}', new Uint8Array(64)).then(
      ({ report, tee }) => console.log(tee + ' ' + report.length),
      ({ message }) => console.log(message),
    )`
  const [file = '', ...args] = [...prefix, ...NODE, '--input-type=module', '--eval', script]
  return spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
}

function asNobody(): ChildProcess {
  const ids = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
  return reading('setpriv', ...ids, '--inh-caps=-all', '--bounding-set=-all')
}

async function said({ stdout }: ChildProcess): Promise<string> {
  return Buffer.concat(await Array.fromAsync(stdout ?? []))
    .toString()
    .trim()
}
