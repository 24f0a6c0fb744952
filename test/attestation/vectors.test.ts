import { createHash, X509Certificate } from 'node:crypto'
import { Attestation } from '@jejunetwork/sdk'
import { describe, expect, test } from 'vitest'
import {
  bytes,
  claims,
  code,
  gpuOf,
  quoteOf,
  reportOf,
  seconds,
  text,
  vector,
  vectors,
  verify,
} from './Vectors.ts'

const SERVICE_TD = 'tdx/v5-automata-alibaba'
const FOREVER = seconds('9999-12-31T23:59:59Z')

describe.each(vectors)('$id', (of) => {
  const { expected, validWindow, verifyAt } = of
  const at = seconds(verifyAt)

  test('gives the expected result at its date', async () => {
    const verdict = await verify(of, at)
    const refused = of.id === SERVICE_TD ? 'SERVICE_TD' : expected.code
    expect(code(verdict)).toBe(refused ?? 'accepted')
    if (verdict.ok) expect(verdict.claims).toMatchObject(facts(expected))
  })

  test('is refused one second outside its window, for its date', async () => {
    const inside = await windowOf(of.id)
    if (validWindow) {
      expect(inside.from, 'start').toBe(seconds(validWindow[0]))
      // A token's window ends with the second before its exp, which the manifest gives.
      expect(inside.until, 'end').toBe(seconds(validWindow[1]) - (of.kind === 'nras' ? 1n : 0n))
    }
    const normally = code(await verify(of, at))
    expect(code(await verify(of, inside.from)), 'first second').toBe(normally)
    expect(code(await verify(of, inside.until)), 'last second').toBe(normally)
    expect(code(await verify(of, inside.from - 1n)), 'a second before').toMatch(/NOT_YET_VALID$/)
    if (inside.until < FOREVER)
      expect(code(await verify(of, inside.until + 1n)), 'a second after').toMatch(/EXPIRED$/)
  })
})

test('a quote whose service TD is named is accepted, with all that it proves', async () => {
  const of = vector(SERVICE_TD)
  const { collateral, quote } = quoteOf(of)
  const serviceTds = [quote.slice(54 + 600, 54 + 648)]
  const verdict = await Attestation.Dcap.verify(quote, { at: seconds(of.verifyAt), collateral, serviceTds })
  expect(claims(verdict)).toMatchObject({
    advisories: [],
    fmspc: '90c06f000000',
    status: 'UpToDate',
    tee: 'tdx1.5',
  })
  const other = [new Uint8Array(48).fill(1)]
  expect(
    code(await Attestation.Dcap.verify(quote, { at: seconds(of.verifyAt), collateral, serviceTds: other })),
  ).toBe('SERVICE_TD')
})

test('a refusal says which check, which value and which bound', async () => {
  const verdict = await verify(vector('tdx/v5-phala-nomatch'), seconds('2026-03-01T00:00:00Z'))
  expect(verdict.ok ? undefined : verdict.refusal).toStrictEqual({
    bound: 'at least 5 for the nearest level',
    code: 'TCB_LEVEL',
    message:
      "Refused by TCB_LEVEL: the platform's CPU SVN component 7 is 3, and must be at least 5 for the nearest level.",
    subject: "the platform's CPU SVN component 7",
    value: '3',
  })
})

test('the quotes and collateral hold signatures with high s, which Intel emits', () => {
  const half = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n / 2n
  const high = vectors
    .filter(({ kind }) => kind === 'dcap')
    .filter((of) => {
      const { collateral } = quoteOf(of)
      return BigInt(`0x${Buffer.from(collateral.tcbInfoSignature.slice(32)).toString('hex')}`) > half
    })
  expect(high.length).toBeGreaterThan(0)
})

test('a VCEK that AMD did not sign is refused', async () => {
  const { report, ...keys } = reportOf(vector('sevsnp/trustee-vcek'))
  for (const name of ['vcek-invalid-legacy.der', 'vcek-invalid-new.der']) {
    const vek = bytes(`sevsnp/trustee-vcek/${name}`)
    const verdict = await Attestation.Snp.verify(report, {
      ...keys,
      at: seconds('2026-06-01T00:00:00Z'),
      vek,
    })
    expect(code(verdict), name).toBe('CERT_SIGNATURE')
  }
})

test('evidence of one machine is refused with the certificates of another', async () => {
  const at = seconds('2026-07-01T00:00:00Z')
  const one = reportOf(vector('sevsnp/trustee-vcek'))
  const other = reportOf(vector('sevsnp/milan-dstack'))
  expect(code(await Attestation.Snp.verify(one.report, { at, chain: one.chain, vek: other.vek }))).toBe(
    'SNP_SIGNATURE',
  )
  const hopper = gpuOf(vector('nvidia/hopper-sdk'))
  const blackwell = gpuOf(vector('nvidia/blackwell'))
  const mixed = { chain: blackwell.chain, report: hopper.report }
  expect(code(await Attestation.Nvidia.verify(mixed, { at, nonce: hopper.nonce }))).toBe('SPDM_SIGNATURE')
})

test("Turin's chain verifies, and no report of another generation is its own", async () => {
  const { report } = reportOf(vector('sevsnp/genoa-azure'))
  const keys = {
    chain: bytes('sevsnp/turin-virtee-certonly/ask_ark.pem'),
    vek: bytes('sevsnp/turin-virtee-certonly/vcek.der'),
  }
  const verdict = await Attestation.Snp.verify(report, { ...keys, at: seconds('2026-06-01T00:00:00Z') })
  expect(code(verdict)).toBe('SNP_SIGNATURE')
})

test('a GPU report for another nonce is refused', async () => {
  const { nonce, ...evidence } = gpuOf(vector('nvidia/blackwell'))
  const other = nonce.map((byte) => byte ^ 1)
  const at = seconds('2026-06-01T00:00:00Z')
  expect(code(await Attestation.Nvidia.verify(evidence, { at, nonce: other }))).toBe('GPU_NONCE')
})

test("a real firmware manifest matches a real Hopper's measurements; another version is refused", async () => {
  const at = seconds('2025-01-01T00:00:00Z')
  const firmware = await Attestation.Rim.verify(text('nvidia/rim/1010_0200_882_96005E0001_PROD.swidtag'), {
    at,
  })
  const driver = await Attestation.Rim.verify(text('nvidia/rim/NV_GPU_DRIVER_GH100_550.144.03.xml'), { at })
  const { nonce, ...evidence } = gpuOf(vector('nvidia/hopper-535'))
  const gpu = claims(await Attestation.Nvidia.verify(evidence, { at, nonce }))
  expect(claims(await Attestation.Rim.appraise(gpu, [claims(firmware)]))).toStrictEqual({
    driver: false,
    firmware: true,
    matched: [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12],
  })
  expect(code(await Attestation.Rim.appraise(gpu, [claims(driver)]))).toBe('RIM_VERSION')
  const relabelled = { ...claims(driver), version: gpu.driver ?? '' }
  expect(code(await Attestation.Rim.appraise(gpu, [relabelled]))).toBe('RIM_MEASUREMENT')
  expect(code(await Attestation.Rim.appraise(gpu, [claims(firmware), { ...claims(firmware) }]))).toBe(
    'RIM_CONFLICT',
  )
})

test('a token without a signature is refused', async () => {
  const { detached_eat: eat } = JSON.parse(text('nvidia/h100-local-claims-dstack/claims_alg_none.json'))
  const verdict = await Attestation.Nras.verify(JSON.stringify(eat), {
    at: seconds('2026-07-16T12:00:00Z'),
    keySet: text('nvidia/nras-v3/jwks_recovered.json'),
    nonce: '11'.repeat(32),
  })
  expect(code(verdict)).toBe('TOKEN_ALGORITHM')
})

test("a token of NVIDIA's staging service is refused, unless its issuer is asked for", async () => {
  const eat = text('nvidia/switch-ls10/nras_detached_eat.json')
  const options = {
    at: seconds('2025-06-29T00:30:00Z'),
    keySet: text('nvidia/nras-v3/jwks_recovered.json'),
    nonce: vector('nvidia/nras-v3').nonce ?? '',
  }
  expect(code(await Attestation.Nras.verify(eat, options))).toBe('TOKEN_ISSUER')
  const issuer = 'https://nras.attestation-stg.nvidia.com'
  expect(claims(await Attestation.Nras.verify(eat, { ...options, issuer })).devices).toHaveLength(1)
})

test("the pinned roots are the hashes of the vendors' root keys", () => {
  const pin = (pem: string): string => {
    const key = new X509Certificate(pem).publicKey.export({ format: 'der', type: 'spki' })
    return createHash('sha256').update(key).digest('hex')
  }
  const last = (path: string): string => `-----BEGIN${text(path).split('-----BEGIN').at(-1)}`
  const { AMD_ROOTS, INTEL_ROOT, NVIDIA_DEVICE_ROOT, NVIDIA_RIM_ROOT } = Attestation.Roots
  expect(
    pin(
      quoteOf(vector('sgx/v3-phala')).collateral.tcbInfoIssuerChain.split(/(?<=END CERTIFICATE-----\n)/)[1] ??
        '',
    ),
  ).toBe(INTEL_ROOT)
  expect(pin(last('sevsnp/roots/ask_ark_milan.pem'))).toBe(AMD_ROOTS.milan)
  expect(pin(last('sevsnp/roots/ask_ark_genoa.pem'))).toBe(AMD_ROOTS.genoa)
  expect(pin(last('sevsnp/roots/ask_ark_turin_vcek.pem'))).toBe(AMD_ROOTS.turin)
  expect(pin(text('nvidia/roots/device_root.pem'))).toBe(NVIDIA_DEVICE_ROOT)
  expect(pin(text('nvidia/roots/rim_root.pem'))).toBe(NVIDIA_RIM_ROOT)
})

/** What the manifest expects, in the words of the claims. */
function facts({
  advisories,
  driver,
  fmspc,
  product,
  status,
  tee,
  vmpl,
}: (typeof vectors)[number]['expected']) {
  const all = { advisories, driver, fmspc, product, status, tee, vmpl }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

/** When a vector gets as far as it can: the window of its claims, or for a refused one, that in the manifest. */
async function windowOf(id: string): Promise<{ from: bigint; until: bigint }> {
  const of = vector(id)
  const verdict = await verify(of, seconds(of.verifyAt))
  if (verdict.ok) return verdict.claims.window
  if (of.validWindow) return { from: seconds(of.validWindow[0]), until: seconds(of.validWindow[1]) }
  const [vcek] = [new X509Certificate(reportOf(of).vek)]
  const date = (value: string | undefined): bigint => BigInt(Date.parse(value ?? '')) / 1000n
  return { from: date(vcek?.validFrom), until: date(vcek?.validTo) }
}
