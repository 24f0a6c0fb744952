import { createPublicKey } from 'node:crypto'
import ssh2, { type ParsedKey } from 'ssh2'

const USABLE = new Set([
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
])

/** As OpenSSH asks for by default (`RequiredRSASize`). */
const SHORTEST_RSA = 1024

/** A renter's public key, or why nobody could log in with it. */
export function parsePublicKey(line: string): { key: ParsedKey } | { reason: string } {
  const type = line.split(' ', 1)[0] ?? ''
  if (!USABLE.has(type))
    return { reason: `SSH keys of the type ${type} do not work here: use ed25519, ECDSA or RSA` }

  const key = ssh2.utils.parseKey(line)
  if (key instanceof Error || key.type !== type || key.isPrivateKey()) {
    return { reason: 'the SSH key is malformed: use the whole line of a file such as id_ed25519.pub' }
  }
  try {
    const { modulusLength = SHORTEST_RSA } = createPublicKey(key.getPublicPEM()).asymmetricKeyDetails ?? {}
    if (modulusLength < SHORTEST_RSA) return { reason: `the RSA key is too short: ${modulusLength} bits` }
  } catch {
    return { reason: 'the SSH key is not valid: its numbers make no key' }
  }
  return { key }
}
