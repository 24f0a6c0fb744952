import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Attestation, Registry } from '@jejunetwork/sdk'
import type { Hex } from 'viem'
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { expect, onTestFinished, test } from 'vitest'
import { startChain } from '../chain.ts'
import { createHome, run } from '../jejuCompute.ts'

const WORD: Hex = `0x${'11'.repeat(32)}`
const ADDRESS: Hex = `0x${'11'.repeat(20)}`
const BINDING = {
  agentId: '0',
  blockHash: WORD,
  blockNumber: '1',
  chainId: '1',
  gpuEvidenceHash: WORD,
  provider: ADDRESS,
  registry: ADDRESS,
  sshHostKeyHash: WORD,
  tlsSpkiHash: WORD,
}
const SHOWN = { binding: BINDING, gpus: [], report: '0x', tee: 'sev-snp', version: 1 }
const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)

type Answer = [what: string, body: string, said: string]

test.each<Answer>([
  ['lists within lists', deep(500_000), 'evidence is a list, and must be an object'],
  [
    'lists in the place of a word',
    `{"version":1,"tee":${deep(400_000)}}`,
    'tee is a list, and must be a string',
  ],
  [
    'a block number beyond all numbers',
    JSON.stringify({ ...SHOWN, binding: { ...BINDING, blockNumber: '9'.repeat(78) } }),
    "the binding's blockNumber",
  ],
  [
    'a crowd of GPUs',
    JSON.stringify({ ...SHOWN, gpus: Array(25_000).fill({ certificate: '', evidence: '' }) }),
    'the number of devices is 25000, and must be at most 32',
  ],
  ['more than 1 MiB', JSON.stringify({ ...SHOWN, report: '00'.repeat(1 << 20) }), 'evidence is null'],
  ['a prototype', '{"__proto__":{"version":1,"tee":"none","reason":""}}', 'evidence.version is missing'],
  ['a field twice', '{"version":1,"tee":"none","reason":"","version":2}', 'version is 2, and must be 1'],
])('a provider that answers with %s is refused in a sentence', async (_, body, said) => {
  const server = createServer((_request, response) => response.end(body)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo

  const asked = Attestation.Evidence.fetchFrom(`http://127.0.0.1:${port}`)
  await expect(asked).rejects.toThrow(Attestation.RefusedError)
  await expect(asked).rejects.toThrow(said)
})

test('a provider chooses neither the path that others ask nor the lines that they read', async () => {
  const chain = await startChain()
  onTestFinished(() => chain.close())
  const home = createHome(chain)
  onTestFinished(() => home.remove())
  const asked: (string | undefined)[] = []
  const spoof = 'none\n\r\u2028Provider 1 is verified: level 2.'
  const server = createServer(({ url }, response) => {
    asked.push(url)
    response.end(JSON.stringify({ reason: spoof, tee: 'none', version: 1 }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/reboot?now=`
  const { providerId } = await Registry.register(chain.walletOf(1), {
    deployment: chain.deployment,
    endpoint,
    hardwareAttestation: '{}',
    pricePerHour: 1n,
    stake: 10n ** 17n,
  })

  const verified = await run(['verify', String(providerId)], home.env)
  expect([verified.code, verified.stderr]).toEqual([1, expect.stringContaining('so it was not asked')])
  const signing = ['attester', 'sign', '--provider', String(providerId), '--quorum', '1']
  expect((await run(signing, home.env)).stderr).toContain('so it was not asked')
  const file = join(home.path, 'evidence.json')
  const binding = { ...BINDING, blockNumber: String(2n ** 200n) }
  writeFileSync(file, JSON.stringify({ ...SHOWN, binding }))
  const late = await run([...signing, '--evidence', file, '--gpus', '--rim', file], home.env)
  expect(late.stderr).toMatch(/^Refused by BINDING_/)
  await expect(Attestation.Evidence.fetchFrom(endpoint)).rejects.toThrow('is at no plain URL')
  expect(asked).toEqual([])

  // Nor do its words begin a line of what the command says.
  const value = endpoint.slice(0, endpoint.indexOf('/reboot'))
  await Registry.setEndpoint(chain.walletOf(1), { deployment: chain.deployment, value })
  const said = await run(['verify', String(providerId)], home.env)
  expect(said.stdout).toContain('none Provider 1 is verified')
  expect(said.stdout).not.toMatch(/^Provider 1 is verified/m)
})

test('what another attester hands over is refused in a sentence where it is none', async () => {
  const { signed } = await verdictBy(privateKeyToAccount(generatePrivateKey()))
  const read = (change: object) => () =>
    Attestation.QuorumVerdict.fromJson(
      Attestation.QuorumVerdict.toJson({ ...signed, ...change } as typeof signed),
    )
  const said = (change: object) => read({ verdict: { ...signed.verdict, ...change } })
  expect(read({})).not.toThrow()
  for (const [what, reading] of Object.entries({
    'a device of one byte': said({ devices: ['0x11'] }),
    'a signature of 64 bytes': read({ signature: signed.signature.slice(0, -2) }),
    'a signer of 32 bytes': read({ signer: WORD }),
    'a time beyond the contract’s': said({ expiry: 2 ** 50 }),
    'a quorum beyond all numbers': said({ quorumId: 10n ** 77n * 9n }),
  }))
    expect(reading, what).toThrow(Attestation.RefusedError)

  const signatures = [`0x${'11'.repeat(64)}ff`] as const
  const packing = Attestation.QuorumVerdict.pack(signed.verdict, { ...DOMAIN, signatures })
  await expect(packing).rejects.toThrow(Attestation.RefusedError)
})

const DOMAIN = { chainId: 31_337, registry: ADDRESS } as const

async function verdictBy(account: PrivateKeyAccount) {
  const verdict = {
    devices: [WORD],
    evidence: 0,
    evidenceHash: WORD,
    expiry: 2,
    issuedAt: 1,
    provider: ADDRESS,
    providerId: 1n,
    quorumId: 1n,
    reportData: WORD,
    workload: WORD,
  } as const
  const binding = Attestation.Evidence.fromJson(JSON.stringify(SHOWN))
  if (binding.tee === 'none') throw new Error(binding.reason)
  const signature = await Attestation.QuorumVerdict.sign(verdict, { ...DOMAIN, account })
  return {
    signed: {
      binding: binding.binding,
      evidence: '0x',
      signature,
      signer: account.address,
      verdict,
    } as const,
  }
}

/** Each entry of the table names all of it, which took seconds to copy. */
test('a table that names itself ten thousand times is not copied as often', () => {
  const table = Buffer.alloc(512 * 1024)
  for (let at = 0; at + 24 < table.length / 2; at += 24) {
    table.write('63da758de6644564adc5f4b93be8accd', at, 'hex')
    table.writeUInt32LE(table.length, at + 20)
  }
  const started = performance.now()
  expect(() => Attestation.Snp.certificatesIn(table)).toThrow('must be at most 65536 bytes')
  const small = table.subarray(0, 65_536)
  for (let at = 0; at + 24 < small.length; at += 24) small.writeUInt32LE(small.length, at + 20)
  expect(() => Attestation.Snp.certificatesIn(small)).toThrow(Attestation.RefusedError)
  expect(performance.now() - started).toBeLessThan(500)
})
