import { hex, utf8 } from './Bytes.ts'
import { intersect, type Window } from './Chain.ts'
import { type Field, parse } from './Json.ts'
import { judge, refuse, type Verdict } from './Refusal.ts'
import { sha256 } from './Signature.ts'
import { type Keys, keySet, verifyToken } from './Token.ts'

/** What NVIDIA's service found about one device, revocation and reference measurements included. */
export type Device = {
  name: string
  model: string
  ueid: string
  driver: string | undefined
  firmware: string | undefined
}

/** Warning: this trusts NVIDIA's service and the key set that the caller fetched from it, not the device alone. */
export type Claims = { devices: readonly Device[]; nonce: string; window: Window }

/** NVIDIA's production service. */
export const ISSUER = 'https://nras.attestation.nvidia.com'

/**
 * Verifies a detached EAT of the NVIDIA Remote Attestation Service: the overall token, the token of each
 * device by its digest, one nonce in all of them, and that each device measured well with debug disabled.
 */
export function verify(eat: string, options: verify.Options): Promise<Verdict<Claims>> {
  return judge(() => verified(eat, options))
}

export declare namespace verify {
  type Options = {
    at: bigint
    /** The service's JSON Web Key Set, from its `/.well-known/jwks.json`. */
    keySet: string
    /** The nonce that was asked with, hexadecimal. */
    nonce: string
    issuer?: string
  }
}

async function verified(eat: string, options: verify.Options): Promise<Claims> {
  const { at, issuer = ISSUER, nonce } = options
  const keys = keySet(options.keySet)
  const [head, submodules, ...rest] = parse(eat, 'EAT').list()
  const [kind, token, ...more] = head?.list() ?? []
  if (!token || !submodules || rest.length > 0 || more.length > 0 || kind?.text() !== 'JWT') {
    return refuse('NRAS_FORM', 'the EAT', {
      bound: '[["JWT", token], {device: token}]',
      value: 'another form',
    })
  }
  const overall = await verifyToken(token.text(), { at, issuer, keys, subject: 'overall token' })
  if (!overall.claims.at('x-nvidia-overall-att-result').boolean()) {
    refuse('NRAS_RESULT', "the service's overall result", { bound: true, value: false })
  }
  checkNonce(overall.claims, { nonce, subject: 'overall token' })
  const named = Object.keys(overall.claims.at('submods').object()).sort()
  const given = Object.keys(submodules.object()).sort()
  if (named.length === 0 || named.join() !== given.join()) {
    refuse('NRAS_FORM', 'the devices in the EAT', {
      bound: named.join(', ') || 'at least one',
      value: given.join(', '),
    })
  }
  const context = { at, issuer, keys, nonce, overall: overall.claims }
  const windows: Window[] = []
  const devices: Device[] = []
  for (const name of named) {
    const { device, window } = await verifyDevice(submodules.at(name).text(), { ...context, name })
    devices.push(device)
    windows.push(window)
  }
  return { devices, nonce, window: intersect(overall.window, ...windows) }
}

type Context = { at: bigint; issuer: string; keys: Keys; name: string; nonce: string; overall: Field }

async function verifyDevice(token: string, options: Context): Promise<{ device: Device; window: Window }> {
  const { at, issuer, keys, name, nonce, overall } = options
  const [kind, digest] = overall.at('submods').at(name).list()
  const [algorithm, wanted] = digest?.list() ?? []
  const found = hex(await sha256(utf8(token)))
  const sha = /^SHA-?256$/.test(algorithm?.text() ?? '')
  if (kind?.text() !== 'DIGEST' || !sha || wanted?.text().toLowerCase() !== found) {
    const bound = wanted?.text().slice(0, 64) ?? 'one that the overall token names'
    refuse('NRAS_DIGEST', `the SHA-256 digest of the token of ${name}`, { bound, value: found })
  }
  const { claims, window } = await verifyToken(token, { at, issuer, keys, subject: `token of ${name}` })
  checkNonce(claims, { nonce, subject: `token of ${name}` })
  checkClaims(claims, name)
  const device: Device = {
    driver: claims.optional('x-nvidia-gpu-driver-version')?.text(),
    firmware: (
      claims.optional('x-nvidia-gpu-vbios-version') ?? claims.optional('x-nvidia-switch-bios-version')
    )?.text(),
    model: claims.at('hwmodel').text(),
    name,
    ueid: claims.at('ueid').text(),
  }
  return { device, window }
}

function checkClaims(claims: Field, name: string): void {
  const results = [
    ['measres', 'success', claims.at('measres').text()],
    ['dbgstat', 'disabled', claims.at('dbgstat').text()],
    ['secboot', true, claims.at('secboot').boolean()],
  ] as const
  for (const [claim, bound, value] of results) {
    if (value !== bound) refuse('NRAS_CLAIMS', `${claim} of ${name}`, { bound, value })
  }
}

function checkNonce(claims: Field, { nonce, subject }: { nonce: string; subject: string }): void {
  const found = claims.at('eat_nonce').text()
  if (found.toLowerCase() === nonce.toLowerCase().replace(/^0x/, '')) return
  refuse('NRAS_NONCE', `${subject}'s nonce`, { bound: nonce, value: found.slice(0, 128) })
}
