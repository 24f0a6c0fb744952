import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generatePrivateKey } from 'viem/accounts'
import { expect, test } from 'vitest'
import { foundry } from './dev/foundry.ts'
import { decrypt, encrypt, type Keystore } from './Keystore.ts'

// The test vector of the format's specification.
const SECRET = '0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d'
const PBKDF2: Keystore = {
  version: 3,
  id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
  crypto: {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: '6087dab2f9fdbbfaddc31a909735c1e6' },
    ciphertext: '5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46',
    kdf: 'pbkdf2',
    kdfparams: {
      c: 262_144,
      dklen: 32,
      prf: 'hmac-sha256',
      salt: 'ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd',
    },
    mac: '517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2',
  },
}
test('opens the vector of the specification', () => {
  expect(decrypt(PBKDF2, 'testpassword')).toBe(SECRET)
  expect(decrypt(PBKDF2, 'testpasswore')).toBeUndefined()
})

test('what it writes, cast opens', () => {
  const key = generatePrivateKey()
  const keystore = encrypt(key, 'correct horse')
  expect(decrypt(keystore, 'correct horse')).toBe(key)

  using directory = temporary()
  writeFileSync(join(directory.path, 'wallet.json'), JSON.stringify(keystore))
  const said = cast(['decrypt-keystore', '--keystore-dir', directory.path, 'wallet.json'])
  expect(said).toContain(key)
})

test('what cast writes, it opens', () => {
  const key = generatePrivateKey()
  using directory = temporary()
  cast(['import', '--keystore-dir', directory.path, '--private-key', key, 'wallet.json'])
  const keystore = JSON.parse(readFileSync(join(directory.path, 'wallet.json'), 'utf8'))
  expect(decrypt(keystore, 'correct horse')).toBe(key)
})

const cast = (args: readonly string[]): string =>
  execFileSync(foundry('cast'), ['wallet', ...args, '--unsafe-password', 'correct horse'], {
    encoding: 'utf8',
  })

function temporary(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'keystore-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}
