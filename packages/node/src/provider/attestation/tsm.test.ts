import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { beSnp, startTsm } from '../../../../../test/attestation/Tsm.ts'
import { readReport } from './tsm.ts'

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

test('a SEV-SNP guest’s report comes with the certificates that its host gave', async () => {
  const folder = temporary()
  const tsm = startTsm(folder, () => new Uint8Array(1184))
  onTestFinished(tsm.end)
  beSnp(tsm, Buffer.from('certificates'))
  const { certificates, tee } = await readReport(folder, DATA)
  expect([Buffer.from(certificates).toString(), tee]).toEqual(['certificates', 'sev-snp'])
})

test('a report that somebody else may have asked for is not taken', async () => {
  const folder = entry({ generation: '7', inblob: DATA, outblob: 'theirs', provider: 'tdx_guest' })
  await expect(readReport(folder, DATA)).rejects.toThrow(/^Others keep writing to /)
})

test.each([
  ['no such folder', join(tmpdir(), 'nowhere/at-all'), /^There is no .*: the machine is no TEE guest\.$/],
  ['a folder that is none', import.meta.filename, /cannot be used \(ENOTDIR\)\.$/],
])('%s is said in one line', async (_, folder, why) => {
  await expect(readReport(folder, DATA)).rejects.toMatchObject({
    message: expect.stringMatching(why),
    name: 'NoTeeError',
  })
})

test('the reports of another technology are not taken', async () => {
  const folder = temporary()
  const tsm = startTsm(folder, () => new Uint8Array(8))
  onTestFinished(tsm.end)
  writeFileSync(join(folder, 'jeju-compute/provider'), 'arm_cca_guest\n')
  await expect(readReport(folder, DATA)).rejects.toThrow(
    'reports are of arm_cca_guest, not of TDX or SEV-SNP.',
  )
})

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tsm-'))
  onTestFinished(() => rmSync(folder, { force: true, recursive: true }))
  return folder
}

function entry(files: Record<string, string | Uint8Array>): string {
  const folder = temporary()
  mkdirSync(join(folder, 'jeju-compute'))
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, 'jeju-compute', name), content)
  return folder
}
