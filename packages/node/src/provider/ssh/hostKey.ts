import { createHash } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import ssh2 from 'ssh2'

/** What proves to renters that they talk to this node. */
export type HostKey = {
  privateKey: string
  /** As in `known_hosts`: `ssh-ed25519 AAAA…`. */
  publicKey: string
  /** As OpenSSH shows it: `SHA256:…`. */
  fingerprint: string
}

/** The node's own key, the same for ever, made the first time. Only its user may read the file. */
export async function openHostKey(dataDir: string): Promise<HostKey> {
  const path = join(dataDir, 'ssh_host_ed25519_key')
  const privateKey = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return make(path)
    throw error
  })
  const key = ssh2.utils.parseKey(privateKey)
  if (key instanceof Error) throw new Error(`${path} is no SSH key: ${key.message}.`)
  const blob = key.getPublicSSH()
  const fingerprint = `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
  return { fingerprint, privateKey, publicKey: `${key.type} ${blob.toString('base64')}` }
}

async function make(path: string): Promise<string> {
  const privateKey = generate()
  await writeFile(`${path}.new`, privateKey, { mode: 0o600 })
  await rename(`${path}.new`, path)
  return privateKey
}

/** Warning: one in some hundred keys that ssh2 makes is malformed, and it cannot read it itself. */
function generate(): string {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment: 'jeju-compute' })
    const key = ssh2.utils.parseKey(pair.private)
    if (!(key instanceof Error) && key.verify('test', key.sign('test')) === true) return pair.private
  }
}
