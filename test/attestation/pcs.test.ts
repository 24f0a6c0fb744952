import { Attestation } from '@jejunetwork/sdk'
import { expect, onTestFinished, test } from 'vitest'
import { serve } from '../serve.ts'
import { startPcs } from './Pcs.ts'
import { claims, quoteOf, seconds, vector } from './Vectors.ts'

test.each([
  ['tdx/v4-phala-uptodate', 'b0c06f000000'],
  ['sgx/v3-phala', '00a067110000'],
])('what a service in the form of Intel’s serves for %s comes through byte for byte', async (id, fmspc) => {
  const of = vector(id)
  const { collateral, quote } = quoteOf(of)
  const { authority, tee, ...submission } = Attestation.Submission.submission(quote)
  expect(submission.fmspc).toBe(fmspc)
  const pem = new TextDecoder().decode(quote).match(/-----BEGIN.*?-----END CERTIFICATE-----\n/gs) ?? []
  const pcs = await startPcs(() => ({ ...collateral, pckCrlIssuerChain: pem.slice(1).join('') }))
  onTestFinished(pcs.close)

  const fetched = await Attestation.Pcs.fetchCollateral({ authority, fmspc, tee, url: `${pcs.url}/` })
  expect(fetched).toMatchObject({ qeIdentity: collateral.qeIdentity, tcbInfo: collateral.tcbInfo })
  claims(await Attestation.Dcap.verify(quote, { at: seconds(of.verifyAt), collateral: fetched }))
})

test.each([
  ['does not find it', 404, {}, 'answered 404'],
  ['answers something else', 200, {}, 'gave no tcbInfo with its signature'],
  ['sends elsewhere', 302, { location: 'http://127.0.0.1:1/' }, 'does not answer'],
])('a service that %s is said to', async (_, status, headers, why) => {
  const { close, url } = await serve((_request, response) => response.writeHead(status, headers).end('hello'))
  onTestFinished(close)
  const platform = { authority: 'platform', fmspc: 'b0c06f000000', tee: 'tdx' } as const
  const asked = Attestation.Pcs.fetchCollateral({ ...platform, url })
  await expect(asked).rejects.toMatchObject({ message: expect.stringContaining(why), retryable: true })
})
