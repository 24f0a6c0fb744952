import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Attestation } from '@jejunetwork/sdk'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createLog } from '../../packages/node/src/log.ts'
import { certificatesOf, type KeyService } from '../../packages/node/src/provider/attestation/certify.ts'
import { type Amd, amd, certificateTable, keyFiles, snpReport } from './Amd.ts'
import { type KdsAnswer, startKds } from './Kds.ts'
import { claims, code, reportOf, seconds, vector } from './Vectors.ts'

const { Kds, Snp } = Attestation

describe('what AMD has of real chips', () => {
  // The first address stands beside this report in google/go-sev-guest, verify/testdata.
  test.each([
    [
      'milan-google',
      'milan',
      '/vcek/v1/Milan/3ac3fe21e13fb0990eb28a802e3fb6a29483a6b0753590c951bdd3b8e53786184ca39e359669a2b76a1936776b564ea464cdce40c05f63c9b610c5068b006b5d',
      'blSPL=2&teeSPL=0&snpSPL=5&ucodeSPL=68',
      'SNP_DEBUG',
    ],
    [
      'genoa-azure',
      'genoa',
      expect.stringMatching(/^\/vcek\/v1\/Genoa\/0506ffba[0-9a-f]{120}$/),
      'blSPL=10&teeSPL=0&snpSPL=23&ucodeSPL=84',
      'accepted',
    ],
  ] as const)(
    'is asked for at its address and verifies the report: %s',
    async (name, product, path, query, outcome) => {
      const of = vector(`sevsnp/${name}`)
      const { chain, report, vek } = reportOf(of)
      const read = Snp.read(report)
      const chipId = Buffer.from(read.chipId).toString('hex')
      const base = `/vcek/v1/${product === 'genoa' ? 'Genoa' : 'Milan'}`
      const { asked, url } = await serve({ [`${base}/cert_chain`]: chain, [`${base}/${chipId}`]: vek })

      const found = await Kds.fetchCertificates(read, { product, url: `${url}/` })
      expect(asked.map((from) => from.split('?'))).toEqual([[path, query], [`${base}/cert_chain`]])
      expect(Snp.productsOf(read)).toContain(product)
      const given = Snp.certificatesIn(Snp.tableOf(found, 'vcek'))
      const verdict = await Snp.verify(report, { ...given, at: seconds(of.verifyAt) })
      // A debug guest's signature is good, and its policy is what is refused, as it comes after all others.
      expect(code(verdict)).toBe(outcome)
    },
  )

  test('is the authorities alone of a cloud’s key, whose own certificate the host must give', async () => {
    const of = vector('sevsnp/trustee-vlek')
    const { chain, report, vek } = reportOf(of)
    const read = Snp.read(report)
    const { asked, url } = await serve({ '/vlek/v1/Milan/cert_chain': chain })
    await expect(Kds.fetchCertificates(read, { product: 'milan', url })).rejects.toThrow(
      "the host's certificates is without, and must be that of its cloud's key (VLEK)",
    )
    expect(asked).toEqual([])

    const host = Snp.tableOf({ chain: Buffer.from(chain).toString(), vek: new Uint8Array(vek) }, 'vlek')
    const found = await Kds.fetchCertificates(read, { host, product: 'milan', url })
    expect(asked).toEqual(['/vlek/v1/Milan/cert_chain'])
    claims(await Snp.verify(report, { ...found, at: seconds(of.verifyAt) }))
  })

  test('is named by 8 bytes on Turin, and by one version more', async () => {
    const machine = amd({ product: 'turin' })
    const { asked, url } = await serve(keyFiles(machine))
    const read = Snp.read(snpReport(machine))
    await Kds.fetchCertificates(read, { product: 'turin', url })
    const chipId = Buffer.from(machine.chipId).toString('hex')
    expect(asked[0]).toBe(`/vcek/v1/Turin/${chipId}?fmcSPL=1&blSPL=4&teeSPL=0&snpSPL=23&ucodeSPL=213`)
  })
})

describe('a node’s certificates', () => {
  let machine: Amd
  let report: Uint8Array
  let folder: string
  let said: string[]

  beforeEach(() => {
    machine = amd()
    report = snpReport(machine)
    said = []
    folder = mkdtempSync(join(tmpdir(), 'amd-'))
    return () => rmSync(folder, { force: true, recursive: true })
  })

  test('are the host’s where they verify its report, and nobody is asked', async () => {
    const { asked, url } = await serve(keyFiles(machine))
    const host = certificateTable(machine)
    expect(await ask(url, { host })).toBe(host)
    expect(asked).toEqual([])
  })

  test('are fetched where the host gave none, once: they outlive the service', async () => {
    const { close, url } = await serve(keyFiles(machine))
    const fetched = await ask(url)
    expect(fetched).toEqual(certificateTable(machine))
    expect(said.join()).toContain(url)
    await close()
    expect(await ask(url)).toEqual(fetched)
  })

  test('are the host’s of a debug guest too: what is refused then is its policy, which AMD cannot mend', async () => {
    report = snpReport(machine, { policy: 0xb0000n })
    const { asked, url } = await serve(keyFiles(machine))
    const host = certificateTable(machine)
    expect(await ask(url, { host })).toBe(host)
    expect(asked).toEqual([])
    expect(await ask(url)).toEqual(host)
  })

  test('are fetched where the host gave those of an older firmware', async () => {
    const { url } = await serve(keyFiles(machine))
    const host = certificateTable({ ...amd(), authority: machine.authority, root: machine.root })
    expect(await ask(url, { host })).toEqual(certificateTable(machine))
  })

  test('are fetched anew where what was kept is broken', async () => {
    const { asked, url } = await serve(keyFiles(machine))
    const fetched = await ask(url)
    const [name = ''] = readdirSync(folder)
    writeFileSync(join(folder, name), fetched.subarray(0, 100))
    expect(await ask(url)).toEqual(fetched)
    expect(asked).toHaveLength(4)
  })

  test('are looked for among both products that a report of version 2 may be of', async () => {
    machine = amd({ product: 'genoa' })
    report = snpReport(machine, { version: 2 })
    const { asked, url } = await serve(keyFiles(machine))
    expect(await ask(url)).toEqual(certificateTable(machine))
    expect(asked.map((path) => path.split('/')[3])).toEqual(['Milan', 'Genoa', 'Genoa'])
  })

  test.each([
    ['does not know the chip', () => ({}), 'answered 404 at http://127.0.0.1'],
    ['asks for patience', () => everywhere(429), 'answered 429 at http://127.0.0.1'],
    ['gives no certificate', () => everywhere(200), 'gave no certificates at http://127.0.0.1'],
    ['does not answer in time', () => everywhere(undefined), 'does not answer at http://127.0.0.1'],
    ['gives another chip’s', () => keysOfAnother(), "gave does not verify this machine's report: "],
  ] as const)('are missing where the service %s, and that is said', async (_, files, why) => {
    const { url } = await serve(files())
    const asked = ask(url, { patienceMs: 200 })
    await expect(asked).rejects.toMatchObject({
      message: expect.stringContaining(why),
      name: 'NoCertificatesError',
      retryable: true,
    })
    expect(readdirSync(folder)).toEqual([])
  })

  test('are not asked for again until a while has passed, twice as long after each failure', async () => {
    const { asked, url } = await serve(everywhere(429))
    const pause = { firstMs: 60_000, longestMs: 100_000, ms: 0, until: 0 }
    const refused = () => expect(ask(url, { pause })).rejects.toThrow('answered 429')
    await refused()
    await refused()
    expect(asked).toHaveLength(1)
    for (const ms of [100_000, 100_000]) {
      pause.until = 0
      await refused()
      expect(pause.ms).toBe(ms)
    }
    expect(asked).toHaveLength(3)
  })

  /** The same paths, and the certificates of a chip that another report is of. */
  function keysOfAnother(): Record<string, KdsAnswer> {
    const other = { ...amd(), chipId: machine.chipId }
    return keyFiles({ ...other, authority: machine.authority, root: machine.root })
  }

  function ask(
    url: string,
    { host, ...keys }: Partial<KeyService> & { host?: Uint8Array } = {},
  ): Promise<Uint8Array> {
    const service: KeyService = {
      folder,
      pause: { firstMs: 1, longestMs: 1, ms: 0, until: 0 },
      roots: machine.roots,
      url,
      ...keys,
    }
    const log = createLog({ to: { write: (line) => void said.push(line) } })
    const { signal } = new AbortController()
    const evidence = { report, ...(host ? { certificates: host } : {}) }
    return certificatesOf(evidence, { at: machine.at, keys: service, log, signal })
  }
})

/** Whatever is asked for has this answer, or none ever. */
function everywhere(status: number | undefined): Record<string, KdsAnswer> {
  const answer: KdsAnswer = (response) => {
    if (status !== undefined) response.writeHead(status).end('hello')
  }
  return new Proxy({}, { get: () => answer })
}

async function serve(files: Record<string, KdsAnswer>) {
  const kds = await startKds(() => files)
  onTestFinished(kds.close)
  return kds
}
