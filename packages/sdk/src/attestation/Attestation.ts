/** Verifies what TEEs say about themselves, offline, given collateral and a time. Trusts vendors' root keys only. */

export * as Binding from './Binding.ts'
export * as Collateral from './Collateral.ts'
export * as Dcap from './Dcap.ts'
export { expiry } from './expiry.ts'
export * as Nras from './Nras.ts'
export * as Nvidia from './Nvidia.ts'
export { type Code, type Refusal, RefusedError, type Verdict } from './Refusal.ts'
export * as Rim from './Rim.ts'
export * as Roots from './Roots.ts'
export * as Snp from './Snp.ts'
