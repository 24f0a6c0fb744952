import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Attestation } from '@jejunetwork/sdk'

const ROOT = join(import.meta.dirname, '../vectors/tee')

/** A line of `test/vectors/tee/manifest.json`: real evidence, when it holds, and what is expected of it. */
export type Vector = {
  id: string
  kind: 'dcap' | 'gpu' | 'nras' | 'snp'
  dir: string
  files: Record<string, string>
  verifyAt: string
  validWindow?: [string, string]
  nonce?: string
  expected: {
    ok: boolean
    code?: string
    status?: string
    tee?: string
    fmspc?: string
    advisories?: string[]
    product?: string
    vmpl?: number
    driver?: string
  }
}

export const vectors: readonly Vector[] = JSON.parse(
  readFileSync(join(ROOT, 'manifest.json'), 'utf8'),
).vectors

export function vector(id: string): Vector {
  const found = vectors.find((candidate) => candidate.id === id)
  if (!found) throw new Error(`There is no vector ${id}.`)
  return found
}

export function bytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(ROOT, path)))
}

export function text(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

export function seconds(iso: string): bigint {
  return BigInt(Date.parse(iso)) / 1000n
}

export type Quote = { quote: Uint8Array; collateral: Attestation.Collateral.Collateral }
export type Report = { report: Uint8Array; vek: Uint8Array; chain: Uint8Array }
export type Gpu = Attestation.Nvidia.Evidence & { nonce: Uint8Array }
export type Token = { eat: string; keySet: string; nonce: string }

export function quoteOf({ dir, files }: Vector): Quote {
  return {
    collateral: Attestation.Collateral.fromJson(text(`${dir}/${files['collateral']}`)),
    quote: bytes(`${dir}/${files['quote']}`),
  }
}

export function reportOf({ dir, files }: Vector): Report {
  return {
    chain: bytes(`${dir}/${files['chain']}`),
    report: bytes(`${dir}/${files['report']}`),
    vek: bytes(`${dir}/${files['leaf']}`),
  }
}

/** The nonce of a bare report is read out of it, at the place where the request holds it. */
export function gpuOf({ dir, files }: Vector): Gpu {
  if (files['evidence']) {
    const [evidence] = Attestation.Nvidia.fromJson(text(`${dir}/${files['evidence']}`))
    if (evidence) return evidence
  }
  const report = new Uint8Array(Buffer.from(text(`${dir}/${files['reportHex']}`).trim(), 'hex'))
  return { chain: bytes(`${dir}/${files['chain']}`), nonce: report.slice(4, 36), report }
}

export function tokenOf({ dir, files, nonce = '' }: Vector): Token {
  return { eat: text(`${dir}/${files['eat']}`), keySet: text(`${dir}/${files['jwks']}`), nonce }
}

/** Verifies a vector with default policy at a time, whatever its kind. */
export function verify(
  of: Vector,
  at: bigint,
): Promise<Attestation.Verdict<{ window: { from: bigint; until: bigint } }>> {
  switch (of.kind) {
    case 'dcap': {
      const { collateral, quote } = quoteOf(of)
      return Attestation.Dcap.verify(quote, { at, collateral })
    }
    case 'snp': {
      const { report, ...keys } = reportOf(of)
      return Attestation.Snp.verify(report, { ...keys, at })
    }
    case 'gpu': {
      const { nonce, ...evidence } = gpuOf(of)
      return Attestation.Nvidia.verify(evidence, { at, nonce })
    }
    case 'nras': {
      const { eat, ...options } = tokenOf(of)
      return Attestation.Nras.verify(eat, { ...options, at })
    }
  }
}

/** The claims of a verdict that must be one. */
export function claims<Claims>(verdict: Attestation.Verdict<Claims>): Claims {
  if (verdict.ok) return verdict.claims
  throw new Error(verdict.refusal.message)
}

/** The code of a verdict that must be a refusal. */
export function code<Claims>(verdict: Attestation.Verdict<Claims>): string {
  return verdict.ok ? 'accepted' : verdict.refusal.code
}
