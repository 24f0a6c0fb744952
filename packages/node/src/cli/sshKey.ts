import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Config } from './config.ts'
import { UsageError } from './errors.ts'

export type RenterKey = { publicKey: string; from: string }

/** The public key to rent with: the file named, else the person's own ed25519 key, else one made and kept here. */
export async function renterKey(config: Config, file: unknown): Promise<RenterKey> {
  if (typeof file === 'string') return read(file)
  const own = join(config.userHome, '.ssh/id_ed25519.pub')
  if (existsSync(own) && existsSync(privateOf(own))) return read(own)

  const kept = join(directory(config), 'id_ed25519')
  if (!existsSync(kept)) {
    mkdirSync(directory(config), { recursive: true, mode: 0o700 })
    const args = ['-q', '-t', 'ed25519', '-N', '', '-C', 'jeju', '-f', kept]
    await keygen(args).catch((cause: unknown) => {
      throw new UsageError('No SSH key was found, and ssh-keygen could not make one; pass --key.', { cause })
    })
  }
  return read(`${kept}.pub`)
}

/** The private key file that belongs to a public key, if it lies in one of the usual places. */
export function identityFor(config: Config, publicKey: string): string | undefined {
  const wanted = body(publicKey)
  for (const place of [directory(config), join(config.userHome, '.ssh')]) {
    const files = existsSync(place) ? readdirSync(place).filter((name) => name.endsWith('.pub')) : []
    const found = files
      .map((name) => join(place, name))
      .find((path) => body(readFileSync(path, 'utf8')) === wanted)
    if (found && existsSync(privateOf(found))) return privateOf(found)
  }
  return undefined
}

const keygen = (args: readonly string[]) => promisify(execFile)('ssh-keygen', args)
const directory = (config: Config) => join(config.home, 'ssh')
const privateOf = (file: string) => file.replace(/\.pub$/, '')

/** Type and key, without the comment. */
const body = (publicKey: string) => publicKey.trim().split(/\s+/).slice(0, 2).join(' ')

async function read(file: string): Promise<RenterKey> {
  let publicKey: string
  try {
    publicKey = readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new UsageError(`The SSH public key ${file} cannot be read.`, { cause })
  }
  if (publicKey.includes('PRIVATE KEY')) throw new UsageError(`${file} is a private key; name its .pub file.`)
  await keygen(['-l', '-f', file]).catch((cause: unknown) => {
    throw new UsageError(`${file} holds no public key that OpenSSH can read.`, { cause })
  })
  return { publicKey, from: `key ${file}` }
}
