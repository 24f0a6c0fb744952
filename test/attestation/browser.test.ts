import { join } from 'node:path'
import { build } from 'rolldown'
import { beforeAll, expect, test } from 'vitest'
import { inChromium, lacksChromium } from '../chromium.ts'
import { gpuOf, quoteOf, reportOf, text, tokenOf, type Vector, vectors } from './Vectors.ts'

const ENTRY = join(import.meta.dirname, '../../packages/sdk/src/index.ts')

/** What the page posts back: names of node's that it has, and each verdict's code. */
type Answer = { node: readonly string[]; codes: Readonly<Record<string, string>> }

let asksFor: string[]
let answer: Answer

beforeAll(async () => {
  const { output } = await build({
    input: ENTRY,
    logLevel: 'silent',
    output: { format: 'iife', name: 'Sdk' },
    platform: 'browser',
    resolve: { conditionNames: ['src', 'browser', 'import', 'default'] },
    write: false,
  })
  const own = output.map(({ fileName }) => fileName)
  asksFor = output
    .flatMap((file) => (file.type === 'chunk' ? [...file.imports, ...file.dynamicImports] : []))
    .filter((name) => !own.includes(name))
  const given = vectors.map((of) => ({
    at: Date.parse(of.verifyAt) / 1000,
    id: of.id,
    kind: of.kind,
    parts: partsOf(of),
  }))
  if (lacksChromium) return
  answer = (await inChromium({ given, scripts: [output[0].code, PAGE] })) as Answer
})

test('the SDK made for a browser asks for no module of node’s, or any other', () => {
  expect(asksFor).toStrictEqual([])
})

test.skipIf(lacksChromium)('a page has nothing of node’s', () => {
  expect(answer.node).toStrictEqual([])
})

test.skipIf(lacksChromium).each(vectors)('$id is judged in Chromium as it is in node', ({ expected, id }) => {
  const wanted = id === 'tdx/v5-automata-alibaba' ? 'SERVICE_TD' : expected.code
  expect(answer.codes[id]).toBe(wanted ?? 'accepted')
})

/** As a page would write it; what is binary comes in base64. */
const PAGE = `
const bytes = (text) => Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0))
const { Collateral, Dcap, Nras, Nvidia, Snp } = Sdk.Attestation
const verify = {
  dcap: (at, { collateral, quote }) =>
    Dcap.verify(bytes(quote), { at, collateral: Collateral.fromJson(collateral) }),
  gpu: (at, { chain, nonce, report }) =>
    Nvidia.verify({ chain: bytes(chain), report: bytes(report) }, { at, nonce: bytes(nonce) }),
  nras: (at, { eat, keySet, nonce }) => Nras.verify(eat, { at, keySet, nonce }),
  snp: (at, { chain, report, vek }) => Snp.verify(bytes(report), { at, chain: bytes(chain), vek: bytes(vek) }),
}
const post = (answer) => fetch('/answer', { body: JSON.stringify(answer), method: 'POST' })
const run = async () => {
  const codes = {}
  for (const { at, id, kind, parts } of await (await fetch('/given')).json()) {
    const verdict = await verify[kind](BigInt(at), parts)
    codes[id] = verdict.ok ? 'accepted' : verdict.refusal.code
  }
  return { codes, node: ['process', 'Buffer', 'require'].filter((name) => name in globalThis) }
}
run().then(post, (error) => post({ codes: {}, node: [String(error)] }))
`

function partsOf(of: Vector): Readonly<Record<string, string>> {
  switch (of.kind) {
    case 'dcap':
      return {
        collateral: text(`${of.dir}/${of.files['collateral']}`),
        quote: base64(quoteOf(of).quote),
      }
    case 'gpu': {
      const { chain, nonce, report } = gpuOf(of)
      return { chain: base64(chain), nonce: base64(nonce), report: base64(report) }
    }
    case 'nras':
      return tokenOf(of)
    case 'snp': {
      const { chain, report, vek } = reportOf(of)
      return { chain: base64(chain), report: base64(report), vek: base64(vek) }
    }
  }
}

const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64')
