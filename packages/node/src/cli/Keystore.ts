import {
  createCipheriv,
  createDecipheriv,
  pbkdf2Sync,
  randomBytes,
  randomUUID,
  scryptSync,
} from 'node:crypto'
import { bytesToHex, concat, type Hex, hexToBytes, keccak256 } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'

/** A private key under a password: Web3 Secret Storage, version 3, as geth, cast and MetaMask write it. */
export type Keystore = {
  version: 3
  id: string
  address?: string
  crypto: {
    cipher: string
    cipherparams: { iv: string }
    ciphertext: string
    kdf: string
    kdfparams: Scrypt | Pbkdf2
    mac: string
  }
}

type Scrypt = { n: number; r: number; p: number; dklen: number; salt: string }
type Pbkdf2 = { c: number; prf: string; dklen: number; salt: string }

// Half a second and 128 MB for each guess at the password; cast refuses parameters of other shapes.
const COST = { n: 131_072, r: 8, p: 1 }
const MEMORY = 512 * 1024 * 1024

/** Seals a key under a password, by scrypt. */
export function encrypt(privateKey: Hex, password: string): Keystore {
  const salt = randomBytes(32)
  const iv = randomBytes(16)
  const kdfparams = { ...COST, dklen: 32, salt: salt.toString('hex') }
  const key = derive('scrypt', kdfparams, password)
  const cipher = createCipheriv('aes-128-ctr', key.subarray(0, 16), iv)
  const ciphertext = Buffer.concat([cipher.update(hexToBytes(privateKey)), cipher.final()])
  return {
    version: 3,
    id: randomUUID(),
    address: privateKeyToAddress(privateKey).slice(2).toLowerCase(),
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: iv.toString('hex') },
      ciphertext: ciphertext.toString('hex'),
      kdf: 'scrypt',
      kdfparams,
      mac: macOf(key, ciphertext),
    },
  }
}

/** The key inside; undefined when the password is not its own. */
export function decrypt(keystore: Keystore, password: string): Hex | undefined {
  const { cipher, cipherparams, ciphertext, kdf, kdfparams, mac } = keystore.crypto
  if (cipher !== 'aes-128-ctr')
    throw new Error(`The keystore's cipher ${cipher} is not one that can be opened.`)
  const key = derive(kdf, kdfparams, password)
  const sealed = Buffer.from(ciphertext, 'hex')
  if (macOf(key, sealed) !== mac.toLowerCase()) return undefined
  const opened = createDecipheriv('aes-128-ctr', key.subarray(0, 16), Buffer.from(cipherparams.iv, 'hex'))
  return bytesToHex(Buffer.concat([opened.update(sealed), opened.final()]))
}

function derive(kdf: string, params: Scrypt | Pbkdf2, password: string): Buffer {
  const salt = Buffer.from(params.salt, 'hex')
  if (kdf === 'pbkdf2' && 'c' in params) return pbkdf2Sync(password, salt, params.c, params.dklen, 'sha256')
  if (kdf === 'scrypt' && 'n' in params) {
    const { dklen, n: N, p, r } = params
    return scryptSync(password, salt, dklen, { N, r, p, maxmem: MEMORY })
  }
  throw new Error(`The keystore's key derivation ${kdf} is not one that can be opened.`)
}

const macOf = (key: Buffer, ciphertext: Buffer): string =>
  keccak256(concat([key.subarray(16, 32), ciphertext])).slice(2)
