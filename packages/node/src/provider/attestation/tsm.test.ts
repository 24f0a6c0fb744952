import { execFile } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { beSnp, startTsm } from '../../../../../test/attestation/Tsm.ts'
import { readReport, requireTee } from './tsm.ts'

const DATA = new Uint8Array(64).fill(7)

test('the kernel is asked with all 64 bytes, and its answer is read to its end', async () => {
  const folder = temporary()
  const quote = new Uint8Array(40_000).map((_, index) => index % 251)
  const tsm = startTsm(folder, () => quote)
  onTestFinished(tsm.end)
  expect(await readReport(folder, DATA)).toEqual({
    certificates: new Uint8Array(),
    report: quote,
    tee: 'tdx',
  })
  expect(tsm.asked).toEqual([DATA])
})

test('the file that takes the question is opened for writing alone, as the kernel insists also to root', async () => {
  const folder = temporary()
  const tsm = startTsm(folder, () => new Uint8Array(8))
  onTestFinished(tsm.end)
  const script = `
    const { readReport } = await import('${join(import.meta.dirname, 'tsm.ts')}')
    process.stdout.write((await readReport('${folder}', new Uint8Array(64).fill(7))).tee)`
  const node = [process.execPath, '--conditions=src', '--input-type=module', '--eval', script]
  // Without these rights root is refused what the file's mode refuses, as everybody is by the kernel's own check.
  const rights = '-dac_override,-dac_read_search'
  const drop = process.getuid?.() === 0 ? ['setpriv', `--bounding-set=${rights}`, `--inh-caps=${rights}`] : []
  const [program = '', ...args] = [...drop, ...node]
  expect((await promisify(execFile)(program, args)).stdout).toBe('tdx')
})

test('a SEV-SNP guest’s report comes with the certificates that its host gave', async () => {
  const folder = temporary()
  const tsm = startTsm(folder, () => new Uint8Array(1184))
  onTestFinished(tsm.end)
  beSnp(tsm, Buffer.from('certificates'))
  const { certificates, tee } = await readReport(folder, DATA)
  expect([Buffer.from(certificates).toString(), tee]).toEqual(['certificates', 'sev-snp'])
})

test('a guest under a paravisor asks for a report of its own privilege level', async () => {
  const folder = temporary()
  // Each round writes the level and the question.
  const tsm = startTsm(
    folder,
    () => new Uint8Array(1184),
    (asked) => 2 * asked,
  )
  onTestFinished(tsm.end)
  beSnp(tsm, Buffer.alloc(0))
  const entry = join(folder, 'jeju-compute')
  writeFileSync(join(entry, 'privlevel_floor'), '2\n')
  writeFileSync(join(entry, 'privlevel'), '')
  expect((await readReport(folder, DATA)).tee).toBe('sev-snp')
  expect(readFileSync(join(entry, 'privlevel'), 'utf8')).toBe('2')
})

test.each([
  ['another wrote in between', [3, 4]],
  ['the kernel did not take what was written, which it does not say', [0, 1]],
])('where %s, it is asked again', async (_, generations) => {
  const folder = temporary()
  const tsm = startTsm(
    folder,
    () => new Uint8Array(8),
    (asked) => generations[asked - 1] ?? 0,
  )
  onTestFinished(tsm.end)
  expect((await readReport(folder, DATA)).tee).toBe('tdx')
  expect(tsm.asked).toHaveLength(2)
})

test('a report that somebody else may have asked for is not taken', async () => {
  const folder = entry({ ...ANSWERED, generation: '7' })
  await expect(readReport(folder, DATA)).rejects.toMatchObject({
    message: expect.stringMatching(/^Others keep writing to /),
    name: 'TeeReportError',
    retryable: true,
  })
})

test('a machine without the folder is no TEE guest, which one line says', async () => {
  await expect(requireTee(join(tmpdir(), 'nowhere/at-all'))).rejects.toMatchObject({
    message: expect.stringMatching(/^There is no .*: the machine is no TEE guest, or its kernel is older/),
    name: 'NoTeeError',
  })
})

test.each([
  ['a folder that is none', () => import.meta.filename, /cannot be used \(ENOTDIR\)\.$/],
  ['no provider', () => entry({ ...ANSWERED, provider: undefined }), /provider cannot be used \(ENOENT\)\.$/],
  [
    'no generation',
    () => entry({ ...ANSWERED, generation: undefined }),
    /generation cannot be used \(ENOENT/,
  ],
  ['another generation', () => entry({ ...ANSWERED, generation: 'x' }), /generation is no number: "x"\.$/],
  ['a report without an end', () => linked('/dev/zero'), /outblob is longer than 65536 bytes\.$/],
  [
    'a host that signs nothing',
    () => linked('/proc/self/mem'),
    /\(EIO\): the host did not have it signed\.$/,
  ],
  ['a driver that is gone', () => linked(socket()), /outblob .*\(ENXIO\): the guest's driver is gone\.$/],
  ['certificates without an end', () => linked('/dev/zero', 'auxblob'), /auxblob is longer than 65536 bytes/],
])('%s is said in one line, and asked again later', async (_, make, why) => {
  await expect(readReport(make(), DATA)).rejects.toMatchObject({
    message: expect.stringMatching(why),
    name: 'TeeReportError',
    retryable: true,
  })
})

test('what root must do for a node of another user is said', async () => {
  const folder = temporary()
  chmodSync(folder, 0o555)
  const script = `
    const { requireTee } = await import('${join(import.meta.dirname, 'tsm.ts')}')
    await requireTee('${folder}').catch(({ message }) => process.stdout.write(message))`
  const node = [process.execPath, '--conditions=src', '--input-type=module', '--eval', script]
  const drop =
    process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override', '--inh-caps=-dac_override'] : []
  const [program = '', ...args] = [...drop, ...node]
  expect((await promisify(execFile)(program, args)).stdout).toMatch(
    /\(EACCES\): the node may not use it, so let root make jeju-compute there and give it, .* to the node's user\.$/,
  )
})

test('an entry that the node made is gone again, so that another driver can be loaded', async () => {
  const folder = temporary()
  await requireTee(folder)
  expect(existsSync(join(folder, 'jeju-compute'))).toBe(false)
  await expect(readReport(folder, DATA)).rejects.toThrow('generation cannot be used (ENOENT).')
  expect(existsSync(join(folder, 'jeju-compute'))).toBe(false)
})

test('the reports of another technology are not taken', async () => {
  const folder = temporary()
  const tsm = startTsm(folder, () => new Uint8Array(8))
  onTestFinished(tsm.end)
  writeFileSync(join(folder, 'jeju-compute/provider'), 'arm_cca_guest\n')
  await expect(readReport(folder, DATA)).rejects.toMatchObject({
    message: expect.stringMatching(/reports are of arm_cca_guest, not of TDX or SEV-SNP\.$/),
    name: 'NoTeeError',
  })
})

const ANSWERED = { generation: '0', inblob: DATA, outblob: 'theirs', provider: 'tdx_guest' }

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tsm-'))
  onTestFinished(() => rmSync(folder, { force: true, recursive: true }))
  return folder
}

/** An entry that does not change. */
function entry(files: Record<string, string | Uint8Array | undefined>): string {
  const folder = temporary()
  mkdirSync(join(folder, 'jeju-compute'))
  for (const [name, content] of Object.entries(files))
    if (content !== undefined) writeFileSync(join(folder, 'jeju-compute', name), content)
  return folder
}

/** One of whose files is another. */
function linked(to: string, name: 'auxblob' | 'outblob' = 'outblob'): string {
  const folder = entry({ ...ANSWERED, [name]: undefined })
  symlinkSync(to, join(folder, 'jeju-compute', name))
  return folder
}

/** A file that cannot be opened: ENXIO. */
function socket(): string {
  const path = join(temporary(), 'socket')
  const server = createServer().listen(path)
  onTestFinished(() => void server.close())
  return path
}
