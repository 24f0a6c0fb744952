import { Attestation } from '@jejunetwork/sdk'
import { describe, expect, onTestFinished, test } from 'vitest'
import * as Authority from './Authority.ts'
import { evidence, gpu } from './Gpu.ts'
import { manifest } from './Manifest.ts'
import { appointed, type Register, requestFor, respond, startOcsp } from './Ocsp.ts'
import { claims, code } from './Vectors.ts'

const { Nvidia, Ocsp, Rim } = Attestation
const NONCE = new Uint8Array(32).fill(5)
const device = gpu()
const { chain } = device
const [leaf, brom, provisioner, identity, root] = chain as unknown as Record<number, Authority.Party> &
  Authority.Party[]
const now = BigInt(Math.floor(Date.now() / 1000))
const report = evidence(device, NONCE)

describe('a GPU, after OpenSSL was asked what is revoked', () => {
  test('is accepted: of three certificates it was asked as OpenSSL would ask, and not of the device’s own nor of the root', async () => {
    const requests: Uint8Array[] = []
    const verdict = await ask(async (request) => {
      requests.push(request)
      return respond(request, { chain })
    })
    expect(claims(verdict).revocation).toBe('checked')
    const pairs = [
      [brom, provisioner],
      [provisioner, identity],
      [identity, root],
    ] as [Authority.Party, Authority.Party][]
    expect(requests).toEqual(pairs.map(([of, issuer]) => requestFor(of, issuer)))
    expect(claims(await ask(undefined)).revocation).toBe('not checked')
  })

  test.each([
    ['the issuer itself', { signer: provisioner }, [brom]],
    ['the root', { signer: root }, [brom, provisioner, identity]],
    ['one whom the issuer appointed', { signer: appointed(provisioner as Authority.Party) }, [brom]],
    [
      'one whom the root appointed for this and no more',
      { signer: appointed(root as Authority.Party, { critical: true }) },
      [brom],
    ],
  ] as const)('takes the word of %s', async (_, how, about) => {
    expect(code(await ask(by(how as Partial<Register>, about)))).toBe('accepted')
  })

  test.each([
    [
      'a stranger',
      {
        signer: Authority.issue('NVIDIA Device Identity CA', 'P-384', {
          authority: true,
          from: now - 1n,
          until: now + 86_400n,
        }),
      },
    ],
    ['the certificate itself', { signer: brom }],
    ['the leaf below it', { signer: leaf }],
    ['one whom the certificate itself appointed', { signer: appointed(brom as Authority.Party) }],
    [
      'one whom the issuer appointed for something else',
      { signer: appointed(provisioner as Authority.Party, { usage: '1.3.6.1.5.5.7.3.1' }) },
    ],
  ] as const)('does not take the word of %s', async (_, how) => {
    expect(code(await ask(by(how as Partial<Register>, [brom])))).toBe('OCSP_SIGNATURE')
  })

  test('is refused when one of its certificates is on hold, by which and since when', async () => {
    for (const revoked of [brom, provisioner, identity] as Authority.Party[]) {
      const verdict = await ask(async (request) => respond(request, { chain, revoked: [revoked] }))
      expect(verdict).toMatchObject({
        ok: false,
        refusal: {
          bound: 'good',
          code: 'CERT_REVOKED',
          subject: `the OCSP status of GPU chain "${revoked.name}"`,
          value: 'revoked or on hold, since 2026-01-01T00:00:00Z',
        },
      })
    }
  })

  test('is refused when the answer is that nothing is known, is of another certificate, or of long ago', async () => {
    const unknown = [brom] as Authority.Party[]
    expect(code(await ask(async (request) => respond(request, { chain, unknown })))).toBe('OCSP_UNKNOWN')
    let first: Uint8Array | undefined
    const replayed = await ask(async (request) => {
      first ??= respond(request, { chain })
      return first
    })
    expect(code(replayed)).toBe('OCSP_UNKNOWN')
    const late = await ask(async (request) => respond(request, { chain }), now + 2n * 86_400n)
    expect(code(late)).toBe('OCSP_EXPIRED')
    // Another member signs as of when the first did: what the service says by now is newer.
    const early = await ask(async (request) => respond(request, { chain }), now - 3_600n)
    expect(code(early)).toBe('accepted')
  })

  test('is refused when the service declines', async () => {
    const declined = await ask(async () => Uint8Array.of(0x30, 3, 0x0a, 1, 3))
    expect(declined).toMatchObject({ refusal: { code: 'OCSP_STATUS', value: 'try later' } })
  })
})

test('a manifest whose signer NVIDIA put on hold is refused, though its signature is good', async () => {
  const made = manifest('590.12', [new Uint8Array(48)], now)
  const options = { at: now, roots: [made.root] }
  expect(claims(await Rim.verify(made.text, options)).revocation).toBe('not checked')
  const good = await Rim.verify(made.text, { ...options, ocsp: async (request) => respond(request, made) })
  expect(claims(good).revocation).toBe('checked')
  const revoked = made.chain.slice(0, 1)
  const held = await Rim.verify(made.text, {
    ...options,
    ocsp: async (request) => respond(request, { ...made, revoked }),
  })
  expect(code(held)).toBe('CERT_REVOKED')
})

describe('a service', () => {
  test('is sent requests as OCSP has it over HTTP, and the same but once', async () => {
    const service = await startOcsp(() => [{ chain }])
    onTestFinished(service.close)
    const ocsp = Ocsp.askAt({ url: service.url })
    for (const _ of [1, 2]) claims(await ask(ocsp))
    expect(service.asked).toEqual(Array(3).fill('application/ocsp-request'))
  })

  test('that knows nothing of the chain, or does not answer, is said to', async () => {
    const service = await startOcsp(() => [])
    onTestFinished(service.close)
    const message = (why: string) => expect.stringMatching(`^NVIDIA's revocation service ${why} at http`)
    await expect(ask(Ocsp.askAt({ url: service.url }))).rejects.toMatchObject({
      message: message('answered 404'),
      retryable: true,
    })
    await service.close()
    await expect(ask(Ocsp.askAt({ url: service.url }))).rejects.toMatchObject({
      message: message('does not answer'),
    })
  })
})

/** Answers about these by the register, about others well. */
function by(how: Partial<Register>, about: readonly (Authority.Party | undefined)[]) {
  const isAbout = (request: Uint8Array) =>
    about.some((of) => Buffer.from(request).includes(Buffer.from(of?.serial ?? [])))
  return async (request: Uint8Array) => respond(request, isAbout(request) ? { chain, ...how } : { chain })
}

function ask(ocsp: Attestation.Ocsp.Ask | undefined, at = now) {
  return Nvidia.verify(report, { at, nonce: NONCE, ocsp, roots: device.roots })
}
