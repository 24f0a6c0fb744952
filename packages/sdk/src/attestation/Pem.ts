import { type Bytes, base64, fromBase64, own } from './Bytes.ts'
import { refuse } from './Refusal.ts'

const LIMIT = 64 * 1024

/**
 * The DER certificates in a PEM text, in order; a text may end in zero bytes, as quotes pad it.
 * Bytes that begin with a DER sequence are one certificate already.
 */
export function certificates(input: Uint8Array | string, subject: string): readonly Bytes[] {
  if (typeof input !== 'string' && input[0] === 0x30) return [own(input, { limit: LIMIT, subject })]
  if (input.length > LIMIT) {
    refuse('SIZE', `${subject}'s length`, { bound: `at most ${LIMIT} bytes`, value: input.length })
  }
  const text = typeof input === 'string' ? input : new TextDecoder('latin1').decode(input)
  const found: Bytes[] = []
  const block =
    /\s*-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+?)\r?\n-----END CERTIFICATE-----\r?\n?/y
  for (let match = block.exec(text); match; match = block.exec(text)) {
    const [whole, body = ''] = match
    found.push(fromBase64(body.replaceAll(/\r?\n/g, ''), { code: 'PEM', subject }))
    if (block.lastIndex === text.length) return found
    if (/^[\s\0]*$/.test(text.slice(block.lastIndex))) return found
    if (whole.length === 0) break
  }
  const at = found.length + 1
  return refuse('PEM', subject, {
    bound: 'PEM certificates and nothing else',
    value: `broken at certificate ${at}`,
  })
}

/** The certificates as PEM, in order. */
export function encode(certificates: readonly Uint8Array[]): string {
  return certificates
    .map((der) => base64(der).replace(/.{64}(?=.)/g, '$&\n'))
    .map((body) => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`)
    .join('')
}
