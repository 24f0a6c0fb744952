import { Attestation } from '@jejunetwork/sdk'
import { describe, expect, test } from 'vitest'
import * as Authority from './Authority.ts'
import { eat as eatOf, keySet } from './Eat.ts'
import { claims, code } from './Vectors.ts'

const AT = 1_780_000_000n
const NONCE = 'ab'.repeat(32)
const eat = (options: Omit<eatOf.Options, 'at' | 'nonce'>): string =>
  eatOf({ at: AT, nonce: NONCE, ...options })

describe('tokens of a service whose key is ours', () => {
  test('are accepted, device by device', async () => {
    const verdict = await verify(eat({ devices: { 'GPU-0': {}, 'GPU-1': { ueid: '2' } } }))
    expect(claims(verdict)).toStrictEqual({
      devices: [
        { driver: '590.12', firmware: '96.00.A5.00.01', model: 'GH100', name: 'GPU-0', ueid: '1' },
        { driver: '590.12', firmware: '96.00.A5.00.01', model: 'GH100', name: 'GPU-1', ueid: '2' },
      ],
      nonce: NONCE,
      window: { from: AT - 10n, until: AT + 3589n },
    })
  })

  test.each([
    ['that failed overall', { overall: { 'x-nvidia-overall-att-result': false } }, 'NRAS_RESULT'],
    ['of another nonce', { overall: { eat_nonce: 'cd'.repeat(32) } }, 'NRAS_NONCE'],
    [
      'with a device of another nonce',
      { devices: { 'GPU-0': { eat_nonce: 'cd'.repeat(32) } } },
      'NRAS_NONCE',
    ],
    ['with a device that measured badly', { devices: { 'GPU-0': { measres: 'fail' } } }, 'NRAS_CLAIMS'],
    ['with a device open to debugging', { devices: { 'GPU-0': { dbgstat: 'enabled' } } }, 'NRAS_CLAIMS'],
    ['with a device that did not boot securely', { devices: { 'GPU-0': { secboot: false } } }, 'NRAS_CLAIMS'],
    ['with a claim missing', { devices: { 'GPU-0': { secboot: null } } }, 'JSON'],
    ['with no device', { devices: {} }, 'NRAS_FORM'],
    ['of another issuer', { overall: { iss: 'https://example.org' } }, 'TOKEN_ISSUER'],
    ['before their time', { overall: { nbf: Number(AT) + 1 } }, 'TOKEN_NOT_YET_VALID'],
    ['at their end', { overall: { exp: Number(AT) } }, 'TOKEN_EXPIRED'],
    ['with a device past its end', { devices: { 'GPU-0': { exp: Number(AT) } } }, 'TOKEN_EXPIRED'],
    ['of another algorithm', { header: { alg: 'HS384' } }, 'TOKEN_ALGORITHM'],
    ['of a key not in the set', { header: { kid: 'two' } }, 'TOKEN_KEY'],
    ['with an extension that must be understood', { header: { crit: ['x'] } }, 'TOKEN_FORM'],
  ] satisfies readonly [string, Omit<eatOf.Options, 'at' | 'nonce'>, string][])(
    '%s are refused',
    async (_, options, wanted) => {
      expect(code(await verify(eat({ devices: { 'GPU-0': {} }, ...options })))).toBe(wanted)
    },
  )

  test('with a device swapped, left out or added are refused', async () => {
    const [head, devices] = JSON.parse(eat({ devices: { 'GPU-0': {}, 'GPU-1': { ueid: '2' } } }))
    const swapped = { 'GPU-0': devices['GPU-1'], 'GPU-1': devices['GPU-0'] }
    expect(code(await verify(JSON.stringify([head, swapped])))).toBe('NRAS_DIGEST')
    expect(code(await verify(JSON.stringify([head, { 'GPU-0': devices['GPU-0'] }])))).toBe('NRAS_FORM')
    expect(code(await verify(JSON.stringify([head, { ...devices, 'GPU-2': devices['GPU-0'] }])))).toBe(
      'NRAS_FORM',
    )
  })

  test('that another key signed are refused', async () => {
    const other = eat({ devices: { 'GPU-0': {} }, key: Authority.keyOf('P-384') })
    expect(code(await verify(other))).toBe('TOKEN_SIGNATURE')
  })
})

function verify(text: string): Promise<Attestation.Verdict<Attestation.Nras.Claims>> {
  return Attestation.Nras.verify(text, { at: AT, keySet, nonce: NONCE })
}
