#!/usr/bin/env node
// Makes SEV-SNP machines under an authority of its own, for what real reports cannot show to the contracts that recompute
// them: test/vectors/snp-synthetic.json; and real reports in the form that those contracts read: snp-real.json. Keys are new
// at every run.
import { createHash, X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Attestation } from '@jejunetwork/sdk'
import { bytesToHex, concat, type Hex, hexToBytes, keccak256, numberToHex, stringToHex } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'
import { type Amd, amd, snpReport } from '../test/attestation/Amd.ts'
import { extension, octets, revocationList } from '../test/attestation/Authority.ts'
import { reportOf, text, vector } from '../test/attestation/Vectors.ts'

const VECTORS = join(import.meta.dirname, '../test/vectors')
/** The last one's guest may be debugged. */
const REAL = {
  'genoa-azure': 'genoa',
  'milan-dstack': 'milan',
  'trustee-vcek': 'milan',
  'milan-google': 'milan',
} as const
const ORDER =
  0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n
const AT = 1_767_225_600n
/** Where the tests in Solidity put the registry, and what they bind to. */
const BINDING: Attestation.Binding.Binding = {
  agentId: 7n,
  blockHash: keccak256(stringToHex('block 998')),
  blockNumber: 998n,
  chainId: 31_337n,
  gpuEvidenceHash: keccak256(stringToHex('gpu evidence')),
  provider: privateKeyToAddress(keccak256(stringToHex('provider'))),
  registry: '0xa77e57a77e57a77e57a77e57a77e57a77e57a77e',
  sshHostKeyHash: keccak256(stringToHex('ssh host key')),
  tlsSpkiHash: keccak256(stringToHex('tls key')),
}

async function withHints(evidence: Uint8Array): Promise<{ evidence: Hex; hints: Hex }> {
  return { evidence: bytesToHex(evidence), hints: bytesToHex(await Attestation.SnpEvidence.hints(evidence)) }
}

function evidenceOf(of: Amd, report: Uint8Array): Uint8Array {
  return Attestation.SnpEvidence.encode({
    authority: of.authority.der,
    product: of.product,
    report,
    vek: of.vek.der,
  })
}

/**
 * The forgery whose recomputation takes the most: with the scalars digest / s = 0x111… and r / s = 0x222…, no digit of four
 * bits is zero, so no addition is left out. Anyone makes it, of any report.
 */
function dearest(report: Uint8Array): Uint8Array {
  const ones = (2n ** 384n - 1n) / 15n
  const digest = BigInt(`0x${createHash('sha384').update(report.subarray(0, 672)).digest('hex')}`)
  const s = (digest * power(ones, ORDER - 2n)) % ORDER
  const made = new Uint8Array(report)
  made.set(numberField((2n * ones * s) % ORDER), 672)
  made.set(numberField(s), 744)
  return made
}

/** Modulo the order of P-384. */
function power(base: bigint, exponent: bigint): bigint {
  if (exponent === 0n) return 1n
  const half = power((base * base) % ORDER, exponent / 2n)
  return exponent % 2n === 0n ? half : (half * base) % ORDER
}

function numberField(value: bigint): Uint8Array {
  return hexToBytes(numberToHex(value, { size: 48 })).reverse()
}

function modulus(spki: Uint8Array): Hex {
  return bytesToHex(spki.subarray(33, 545))
}

async function synthetic(): Promise<Record<string, unknown>> {
  const [machine, stranger] = [amd({ at: AT, bits: 4096 }), amd({ at: AT, bits: 4096 })]
  const turin = amd({ at: AT, bits: 4096, product: 'turin' })
  const reportData = Attestation.Binding.reportData(BINDING)
  const report = snpReport(machine, { reportData })
  const forged = new Uint8Array(report)
  forged[700] = (forged[700] ?? 0) ^ 1
  const tcb = { bootLoader: 4, fmc: 1, microcode: 212, snp: 23, tee: 0 }
  const signed = (options: snpReport.Options) =>
    bytesToHex(evidenceOf(machine, snpReport(machine, { reportData, ...options })))
  const foreign = snpReport(stranger, { reportData })
  return {
    chip: Attestation.SnpEvidence.chipOf(report),
    dearest: await withHints(evidenceOf(machine, dearest(report))),
    false: {
      authority: bytesToHex(evidenceOf(stranger, foreign)),
      certificate: signed({ tcb }),
      chip: signed({ chipId: new Uint8Array(64).fill(1) }),
      debug: signed({ policy: 0xb0000n }),
      key: bytesToHex(evidenceOf({ ...stranger, authority: machine.authority }, foreign)),
      masked: signed({ chipId: new Uint8Array(64), flags: 2 }),
      migration: signed({ policy: 0x70000n }),
      reportData: signed({ reportData: new Uint8Array(64).fill(1) }),
    },
    forged: await withHints(evidenceOf(machine, forged)),
    lists: await lists(reportData),
    provider: BINDING.provider,
    registry: BINDING.registry,
    reportData: bytesToHex(reportData.subarray(0, 32)),
    roots: [machine, stranger, turin].map(({ root }) => modulus(root.key.spki)),
    true: await withHints(evidenceOf(machine, report)),
    turin: bytesToHex(evidenceOf(turin, snpReport(turin, { reportData }))),
    workload: workload(report),
  }
}

/**
 * What else AMD's root signs, as long as AMD's own: revocation lists. One in the place of the authority, above a chip's key that
 * anyone made; and one in the place of the chip's key.
 */
async function lists(reportData: Uint8Array): Promise<Record<string, unknown>> {
  const [of, stranger] = [amd({ at: AT, bits: 4096 }), amd({ at: AT, bits: 4096 })]
  const dates = { from: AT, until: AT + 40n * 86_400n }
  const revoking = revocationList(of.root, { ...dates, revoked: Array(8).fill(of.authority) })
  const empty = revocationList(of.root, {
    ...dates,
    extensions: [extension('2.5.29.20', octets(new Uint8Array(200)))],
  })
  const report = snpReport(stranger, { reportData })
  const asAuthority = concat([Uint8Array.of(0), report, stranger.vek.der, revoking])
  return {
    asAuthority: await withHints(asAuthority),
    asKey: bytesToHex(concat([Uint8Array.of(0), report, empty, of.root.der])),
    chip: Attestation.SnpEvidence.chipOf(report),
    root: modulus(of.root.key.spki),
  }
}

/** As the contract has it: guest policy and launch measurement. */
function workload(report: Uint8Array): Hex {
  return keccak256(concat([report.subarray(8, 16), report.subarray(144, 192)]))
}

async function real(): Promise<Record<string, unknown>> {
  const machines = await Promise.all(
    Object.entries(REAL).map(async ([id, product]) => {
      const { chain, report, vek } = reportOf(vector(`sevsnp/${id}`))
      const evidence = Attestation.SnpEvidence.fromChain({ chain, product, report, vek })
      return {
        chip: Attestation.SnpEvidence.chipOf(report),
        ...(await withHints(evidence)),
        id,
        reportData: bytesToHex(report.subarray(80, 144)),
        workload: workload(report),
      }
    }),
  )
  const roots = ['milan', 'genoa', 'turin_vcek'].map((name) =>
    modulus(new X509Certificate(authoritiesOf(name)[1]).publicKey.export({ format: 'der', type: 'spki' })),
  )
  return { machines, misplaced: misplaced(), roots }
}

/** What AMD signed too: its authority in the place of a chip's key, its root in that of the authority. */
function misplaced(): Hex {
  const { report } = reportOf(vector('sevsnp/milan-dstack'))
  const [vek, chain] = authoritiesOf('milan')
  return bytesToHex(Attestation.SnpEvidence.fromChain({ chain, product: 'milan', report, vek }))
}

/** ASK, then ARK. */
function authoritiesOf(name: string): [string, string] {
  const chain = text(`sevsnp/roots/ask_ark_${name}.pem`)
  const [authority = '', root = ''] = chain.match(/-----BEGIN[\s\S]*?END CERTIFICATE-----/g) ?? []
  return [authority, root]
}

const files = { 'snp-real.json': await real(), 'snp-synthetic.json': await synthetic() }
for (const [name, content] of Object.entries(files))
  writeFileSync(join(VECTORS, name), `${JSON.stringify(content, undefined, 1)}\n`)
