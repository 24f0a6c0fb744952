import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { keccak256 } from 'viem'
import { expect, onTestFinished, test } from 'vitest'
import { tlsKeyShown } from './tlsKeyShown.ts'

test('the key that a TLS server proves to have is hashed as the attestation binds it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=localhost']
  execFileSync('openssl', ['req', '-x509', ...made, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { publicKey } = new X509Certificate(readFileSync(cert))
  const { port } = server.address() as AddressInfo
  expect(await tlsKeyShown(`https://localhost:${port}`)).toBe(
    keccak256(publicKey.export({ format: 'der', type: 'spki' })),
  )
})

test('http has no such key, and who does not answer is said', async () => {
  expect(await tlsKeyShown('http://127.0.0.1:1')).toBeUndefined()
  await expect(tlsKeyShown('https://127.0.0.1:1')).rejects.toThrow('No TLS answers at https://127.0.0.1:1.')
})
