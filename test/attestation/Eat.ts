import { createHash } from 'node:crypto'
import { Attestation } from '@jejunetwork/sdk'
import * as Authority from './Authority.ts'

const key = Authority.keyOf('P-384')
export const keySet: string = JSON.stringify({
  keys: [{ crv: 'P-384', kid: 'one', kty: 'EC', x: coordinate(0), y: coordinate(48) }],
})

/** What the service answers for a nonce, signed by a key of our own. */
export function eat({
  at,
  devices = {},
  header = {},
  key: signer = key,
  nonce,
  overall = {},
}: eat.Options): string {
  const common = {
    eat_nonce: nonce,
    exp: Number(at) + 3590,
    iss: Attestation.Nras.ISSUER,
    nbf: Number(at) - 10,
  }
  const tokens = Object.fromEntries(
    Object.entries(devices).map(([name, claims]) => [
      name,
      token(
        {
          ...common,
          dbgstat: 'disabled',
          hwmodel: 'GH100',
          measres: 'success',
          secboot: true,
          ueid: '1',
          'x-nvidia-gpu-driver-version': '590.12',
          'x-nvidia-gpu-vbios-version': '96.00.A5.00.01',
          ...claims,
        },
        { header: {}, signer },
      ),
    ]),
  )
  const submods = Object.fromEntries(
    Object.entries(tokens).map(([name, text]) => [
      name,
      ['DIGEST', ['SHA-256', createHash('sha256').update(text).digest('hex')]],
    ]),
  )
  const head = token(
    { ...common, submods, 'x-nvidia-overall-att-result': true, ...overall },
    { header, signer },
  )
  return JSON.stringify([['JWT', head], tokens])
}

export declare namespace eat {
  type Options = {
    at: bigint
    nonce: string
    devices?: Record<string, Record<string, unknown>>
    header?: Record<string, unknown>
    key?: Authority.Key
    overall?: Record<string, unknown>
  }
}

function token(claims: object, { header, signer }: { header: object; signer: Authority.Key }): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg: 'ES384', kid: 'one', ...header })}.${part(claims)}`
  return `${signed}.${Buffer.from(Authority.signRaw(signer, Buffer.from(signed))).toString('base64url')}`
}

function coordinate(from: number): string {
  return Authority.point(key)
    .subarray(from, from + 48)
    .toString('base64url')
}
