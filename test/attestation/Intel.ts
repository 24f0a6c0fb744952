import { createHash, randomBytes } from 'node:crypto'
import type { Attestation } from '@jejunetwork/sdk'
import * as Authority from './Authority.ts'
import { element, extension, integer, octets, oid, sequence } from './Authority.ts'

/** Intel's authorities and one platform, under a root of our own, at a time of our choosing. */
export type Intel = {
  at: bigint
  root: Authority.Party
  platformCa: Authority.Party
  signer: Authority.Party
  pck: Authority.Party
  svns: readonly number[]
  roots: readonly string[]
}

type Rated = { isvSvn: number; status: string; advisories?: readonly string[] }

const DAY = 86_400n
const SGX = '1.2.840.113741.1.13.1'
const QE_SIGNER = 'dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5'
const FMSPC = '00a1b2c30000'
const SVNS = [3, 3, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0]
const zeros = (bytes: number): string => '00'.repeat(bytes)

export function intel({ at = 1_780_000_000n, pceSvn = 13, svns = SVNS }: intel.Options = {}): Intel {
  const dates = { from: at - 400n * DAY, until: at + 3000n * DAY }
  const root = Authority.issue('Intel SGX Root CA', 'P-256', { ...dates, authority: true })
  const platformCa = Authority.issue('Intel SGX PCK Platform CA', 'P-256', {
    ...dates,
    authority: true,
    by: root,
  })
  const signer = Authority.issue('Intel SGX TCB Signing', 'P-256', { ...dates, by: root })
  const pck = Authority.issue('Intel SGX PCK Certificate', 'P-256', {
    ...dates,
    by: platformCa,
    extensions: [extension(SGX, sgxExtension({ pceSvn, svns }))],
  })
  return { at, pck, platformCa, root, roots: [Authority.pin(root)], signer, svns }
}

export declare namespace intel {
  type Options = { at?: bigint; pceSvn?: number; svns?: readonly number[] }
}

export function collateral(of: Intel, options: collateral.Options = {}): Attestation.Collateral.Collateral {
  const { at, pck, platformCa, root, signer, svns } = of
  const { from = at - 3600n, revoked = [], until = at + 29n * DAY } = options
  const dates = { issueDate: iso(from), nextUpdate: iso(until) }
  const tcbInfo = JSON.stringify({ ...tcbInfoOf(svns, options), ...dates, ...options.tcbInfo })
  const qeIdentity = JSON.stringify({ ...qeIdentityOf(options), ...dates, ...options.qeIdentity })
  const parties = { pck, platformCa, signer }
  const serials = revoked.map((name) => parties[name])
  const issuerChain = Authority.pem(signer, root)
  return {
    pckCrl: Authority.revocationList(platformCa, { from, revoked: serials, until }),
    qeIdentity,
    qeIdentityIssuerChain: issuerChain,
    qeIdentitySignature: Authority.signRaw(signer.key, Buffer.from(qeIdentity)),
    rootCaCrl: Authority.revocationList(root, { from, revoked: serials, until }),
    tcbInfo,
    tcbInfoIssuerChain: issuerChain,
    tcbInfoSignature: Authority.signRaw(signer.key, Buffer.from(tcbInfo)),
  }
}

export declare namespace collateral {
  type Options = {
    from?: bigint
    until?: bigint
    revoked?: readonly ('pck' | 'platformCa' | 'signer')[]
    platform?: string
    module?: readonly Rated[]
    qe?: readonly Rated[]
    fmspc?: string
    pceId?: string
    evaluation?: number
    /** Fields to write otherwise. */
    tcbInfo?: Readonly<Record<string, unknown>>
    qeIdentity?: Readonly<Record<string, unknown>>
  }
}

/** A TDX quote of the platform: v4, or v5 with a TDX 1.5 body where `teeTcbSvn2` is given. */
export function tdxQuote(of: Intel, options: tdxQuote.Options = {}): Uint8Array {
  const { debug = false, mrServiceTd, qeDebug = false, qeSvn = 4, reportData = new Uint8Array(64) } = options
  const { mrSignerSeam, mrTd = new Uint8Array(48).fill(7), teeTcbSvn = [6, 1, 3], teeTcbSvn2 } = options
  const body = Buffer.alloc(teeTcbSvn2 ? 648 : 584)
  body.set(teeTcbSvn, 0)
  if (mrSignerSeam) body.set(mrSignerSeam, 64)
  body[120] = debug ? 1 : 0
  body[123] = 0x10
  body.set(mrTd, 136)
  body.set(reportData, 520)
  if (teeTcbSvn2) body.set(teeTcbSvn2, 584)
  if (mrServiceTd) body.set(mrServiceTd, 600)

  const header = headerOf({ tee: 0x81, version: teeTcbSvn2 ? 5 : 4 })
  const descriptor = teeTcbSvn2 ? Buffer.concat([le(3, 2), le(648, 4)]) : Buffer.alloc(0)
  const signed = Buffer.concat([header, descriptor, body])

  return authenticate(of, { qeDebug, qeSvn, signed, wrapped: true })
}

export declare namespace tdxQuote {
  type Options = {
    reportData?: Uint8Array
    mrTd?: Uint8Array
    debug?: boolean
    qeDebug?: boolean
    qeSvn?: number
    teeTcbSvn?: readonly number[]
    teeTcbSvn2?: readonly number[]
    mrServiceTd?: Uint8Array
    mrSignerSeam?: Uint8Array
  }
}

/** An SGX v3 quote of an enclave on the platform. */
export function sgxQuote(of: Intel, { debug = false }: { debug?: boolean } = {}): Uint8Array {
  const header = headerOf({ tee: 0, version: 3 })
  const body = Buffer.alloc(384)
  body[48] = debug ? 7 : 5
  body.fill(3, 64, 96)
  return authenticate(of, { qeDebug: false, qeSvn: 4, signed: Buffer.concat([header, body]), wrapped: false })
}

function headerOf({ tee, version }: { tee: number; version: number }): Buffer {
  const header = Buffer.alloc(48)
  header.writeUInt16LE(version, 0)
  header.writeUInt16LE(2, 2)
  header.writeUInt32LE(tee, 4)
  header.write('939a7233f79c4ca9940a0db3957f0607', 12, 'hex')
  return header
}

type Signed = { qeDebug: boolean; qeSvn: number; signed: Buffer; wrapped: boolean }

/** From version 4 on, what the quoting enclave says is wrapped. */
function authenticate(of: Intel, { qeDebug, qeSvn, signed, wrapped }: Signed): Uint8Array {
  const key = Authority.keyOf('P-256')
  const auth = Buffer.from('thirty-two bytes as Intel has it')
  const qe = qeReport({ auth, key, qeDebug, qeSvn })
  const chain = Buffer.from(Authority.pem(of.pck, of.platformCa, of.root))
  const certified = [le(auth.length, 2), auth, le(5, 2), le(chain.length, 4), chain]
  const inner = Buffer.concat([qe, Authority.signRaw(of.pck.key, qe), ...certified])
  const wrapper = wrapped ? [le(6, 2), le(inner.length, 4)] : []
  const outer = Buffer.concat([Authority.signRaw(key, signed), Authority.point(key), ...wrapper, inner])
  return new Uint8Array(Buffer.concat([signed, le(outer.length, 4), outer]))
}

function qeReport({
  auth,
  key,
  qeDebug,
  qeSvn,
}: {
  auth: Buffer
  key: Authority.Key
  qeDebug: boolean
  qeSvn: number
}) {
  const report = Buffer.alloc(384)
  report[48] = qeDebug ? 0x13 : 0x11
  report.write(QE_SIGNER, 128, 'hex')
  report.writeUInt16LE(2, 256)
  report.writeUInt16LE(qeSvn, 258)
  report.set(createHash('sha256').update(Authority.point(key)).update(auth).digest(), 320)
  return report
}

function tcbInfoOf(svns: readonly number[], options: collateral.Options): Record<string, unknown> {
  const { evaluation = 17, fmspc = FMSPC, pceId = '0000', platform = 'UpToDate' } = options
  const {
    module = [
      { isvSvn: 4, status: 'UpToDate' },
      { isvSvn: 2, status: 'OutOfDate' },
    ],
  } = options
  const components = (values: readonly number[]) => values.map((svn) => ({ svn }))
  const tdx = components([5, 0, 2, ...Array<number>(13).fill(0)])
  const identity = { attributes: zeros(8), attributesMask: 'FF'.repeat(8), mrsigner: zeros(48) }
  const level = (lower: number, status: string) => ({
    tcb: {
      pcesvn: 11 - 6 * lower,
      sgxtcbcomponents: components(svns.map((svn) => Math.max(0, svn - lower))),
      tdxtcbcomponents: tdx,
    },
    tcbDate: '2024-03-13T00:00:00Z',
    tcbStatus: status,
    ...(status === 'UpToDate' ? {} : { advisoryIDs: ['INTEL-SA-00001'] }),
  })
  return {
    fmspc,
    id: 'TDX',
    pceId,
    tcbEvaluationDataNumber: evaluation,
    tcbLevels: [level(0, platform), level(1, 'OutOfDate')],
    tcbType: 0,
    tdxModule: identity,
    tdxModuleIdentities: [{ ...identity, id: 'TDX_01', tcbLevels: module.map(rated) }],
    version: 3,
  }
}

function qeIdentityOf({ evaluation = 17, qe = [{ isvSvn: 4, status: 'UpToDate' }] }: collateral.Options) {
  return {
    attributes: `11${zeros(15)}`,
    attributesMask: `FBFFFFFFFFFFFFFF${zeros(8)}`,
    id: 'TD_QE',
    isvprodid: 2,
    miscselect: zeros(4),
    miscselectMask: 'FF'.repeat(4),
    mrsigner: QE_SIGNER.toUpperCase(),
    tcbEvaluationDataNumber: evaluation,
    tcbLevels: qe.map(rated),
    version: 2,
  }
}

function rated({ advisories, isvSvn, status }: Rated): Record<string, unknown> {
  return { tcb: { isvsvn: isvSvn }, tcbStatus: status, ...(advisories ? { advisoryIDs: advisories } : {}) }
}

function sgxExtension({ pceSvn, svns }: { pceSvn: number; svns: readonly number[] }): Buffer {
  const entry = (id: string, value: Uint8Array): Buffer => sequence(oid(`${SGX}.${id}`), value)
  const tcb = [
    ...svns.map((svn, index) => entry(`2.${index + 1}`, integer(svn))),
    entry('2.17', integer(pceSvn)),
    entry('2.18', octets(Buffer.from(svns))),
  ]
  return sequence(
    entry('1', octets(randomBytes(16))),
    entry('2', sequence(...tcb)),
    entry('3', octets(Buffer.alloc(2))),
    entry('4', octets(Buffer.from(FMSPC, 'hex'))),
    entry('5', element(0x0a, Buffer.of(1))),
  )
}

function iso(time: bigint): string {
  return new Date(Number(time) * 1000).toISOString().replace('.000Z', 'Z')
}

function le(value: number, width: number): Buffer {
  const bytes = Buffer.alloc(width)
  bytes.writeUIntLE(value, 0, width)
  return bytes
}
