import { join } from 'node:path'
import { type Context, createContext, runInContext } from 'node:vm'
import { build } from 'rolldown'
import { beforeAll, expect, test } from 'vitest'
import { gpuOf, quoteOf, reportOf, text, tokenOf, type Vector, vectors } from './Vectors.ts'

const ENTRY = join(import.meta.dirname, '../../packages/sdk/src/index.ts')

/** What a page has beside the language itself; nothing of node's. */
const WEB = [
  'AbortController',
  'AbortSignal',
  'DOMException',
  'Headers',
  'ReadableStream',
  'Request',
  'Response',
  'TextDecoder',
  'TextEncoder',
  'TransformStream',
  'URL',
  'atob',
  'btoa',
  'crypto',
  'fetch',
] as const

let page: Context
let asksFor: string[]

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
  page = createContext(Object.fromEntries(WEB.map((name) => [name, globalThis[name]])))
  runInContext(output[0].code, page)
})

test('the SDK made for a browser asks for no module of node’s, or any other', () => {
  expect(asksFor).toStrictEqual([])
  expect(runInContext('[typeof process, typeof Buffer, typeof require].join()', page)).toBe(
    'undefined,undefined,undefined',
  )
})

test.each(vectors)('$id is judged in a page as it is in node', async (of) => {
  Object.assign(page, { given: JSON.stringify({ ...partsOf(of), at: Date.parse(of.verifyAt) / 1000 }) })
  const verdict = await runInContext(
    `{
      const bytes = (text) => Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0))
      const { at: seconds, ...parts } = JSON.parse(given)
      const at = BigInt(seconds)
      const { Collateral, Dcap, Nras, Nvidia, Snp } = Sdk.Attestation
      ${VERIFY[of.kind]}
    }`,
    page,
  )
  const wanted = of.id === 'tdx/v5-automata-alibaba' ? 'SERVICE_TD' : of.expected.code
  expect(verdict.ok ? 'accepted' : verdict.refusal.code).toBe(wanted ?? 'accepted')
})

/** As a page would write it; what is binary comes in base64. */
const VERIFY: Readonly<Record<Vector['kind'], string>> = {
  dcap: 'Dcap.verify(bytes(parts.quote), { at, collateral: Collateral.fromJson(parts.collateral) })',
  gpu: 'Nvidia.verify({ chain: bytes(parts.chain), report: bytes(parts.report) }, { at, nonce: bytes(parts.nonce) })',
  nras: 'Nras.verify(parts.eat, { at, keySet: parts.keySet, nonce: parts.nonce })',
  snp: 'Snp.verify(bytes(parts.report), { at, chain: bytes(parts.chain), vek: bytes(parts.vek) })',
}

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
