import { Attestation } from '@jejunetwork/sdk'
import { describe, expect, test } from 'vitest'
import * as Authority from './Authority.ts'
import { collateral, type Intel, intel, sgxQuote, tdxQuote } from './Intel.ts'
import { claims, code } from './Vectors.ts'

const machine = intel()
const ISSUER = Authority.extension('2.5.29.29', Authority.sequence(), true)
const LATER = '2100-01-01T00:00:00Z'
const EARLIER = '2020-01-01T00:00:00Z'

describe('a TDX quote under a root of our own', () => {
  test('is accepted where that root is asked for, and nowhere else', async () => {
    const verdict = await verify({})
    expect(claims(verdict)).toMatchObject({
      evaluation: 17,
      fmspc: '00a1b2c30000',
      status: 'UpToDate',
      tee: 'tdx1.0',
    })
    const options = { at: machine.at, collateral: collateral(machine) }
    expect(code(await Attestation.Dcap.verify(tdxQuote(machine), options))).toBe('ROOT_NOT_PINNED')
  })

  test.each([
    ['a debug domain', { quote: { debug: true } }, 'TD_DEBUG'],
    ['a debug quoting enclave', { quote: { qeDebug: true } }, 'QE_DEBUG'],
    ['a quoting enclave below every level', { quote: { qeSvn: 3 } }, 'QE_TCB'],
    ['a revoked quoting enclave', { collateral: { qe: [{ isvSvn: 1, status: 'Revoked' }] } }, 'QE_TCB'],
    [
      'a quoting enclave out of date',
      { collateral: { qe: [{ isvSvn: 1, status: 'OutOfDate' }] } },
      'TCB_OUT_OF_DATE',
    ],
    ['a revoked PCK certificate', { collateral: { revoked: ['pck'] } }, 'CERT_REVOKED'],
    ['a revoked PCK authority', { collateral: { revoked: ['platformCa'] } }, 'CERT_REVOKED'],
    ['a revoked signer of collateral', { collateral: { revoked: ['signer'] } }, 'CERT_REVOKED'],
    ['a revoked platform', { collateral: { platform: 'Revoked' } }, 'TCB_REVOKED'],
    ['a platform out of date', { collateral: { platform: 'OutOfDate' } }, 'TCB_OUT_OF_DATE'],
    ['a status that is not known', { collateral: { platform: 'Perfect' } }, 'JSON'],
    [
      'a QE status that only platforms have',
      { collateral: { qe: [{ isvSvn: 1, status: 'SWHardeningNeeded' }] } },
      'JSON',
    ],
    ['a module out of date', { quote: { teeTcbSvn: [3, 1, 3] } }, 'TCB_OUT_OF_DATE'],
    ['a module below every level', { quote: { teeTcbSvn: [1, 1, 3] } }, 'TDX_MODULE_TCB'],
    ['a revoked module', { collateral: { module: [{ isvSvn: 1, status: 'Revoked' }] } }, 'TDX_MODULE_TCB'],
    ['a module of a version not listed', { quote: { teeTcbSvn: [6, 2, 3] } }, 'TDX_MODULE'],
    [
      'a module of another signer',
      { quote: { mrSignerSeam: new Uint8Array(48).fill(1) } },
      'TDX_MODULE_IDENTITY',
    ],
    ['microcode below every level', { quote: { teeTcbSvn: [6, 1, 1] } }, 'TCB_LEVEL'],
    ['TCB info of another model', { collateral: { fmspc: '00a1b2c30001' } }, 'FMSPC'],
    ['TCB info of another PCE', { collateral: { pceId: '0001' } }, 'PCE_ID'],
    ['collateral before its time', { collateral: { from: machine.at + 1n } }, 'CRL_NOT_YET_VALID'],
    ['collateral after its time', { collateral: { until: machine.at - 1n } }, 'CRL_EXPIRED'],
    ['TCB info of SGX', { collateral: { tcbInfo: { id: 'SGX' } } }, 'TCB_INFO_KIND'],
    ['TCB info of another version', { collateral: { tcbInfo: { version: 2 } } }, 'TCB_INFO_KIND'],
    ['TCB info before its time', { collateral: { tcbInfo: { issueDate: LATER } } }, 'TCB_INFO_NOT_YET_VALID'],
    ['TCB info after its time', { collateral: { tcbInfo: { nextUpdate: EARLIER } } }, 'TCB_INFO_EXPIRED'],
    ['TCB info without a date', { collateral: { tcbInfo: { nextUpdate: null } } }, 'JSON'],
    ['TCB info without levels', { collateral: { tcbInfo: { tcbLevels: [] } } }, 'TCB_LEVEL'],
    ['TCB info of a model in no form', { collateral: { fmspc: '00a1b2c3' } }, 'HEX'],
    ['the identity of another enclave', { collateral: { qeIdentity: { id: 'QE' } } }, 'QE_IDENTITY_KIND'],
    [
      'QE identity before its time',
      { collateral: { qeIdentity: { issueDate: LATER } } },
      'QE_IDENTITY_NOT_YET_VALID',
    ],
    [
      'QE identity after its time',
      { collateral: { qeIdentity: { nextUpdate: EARLIER } } },
      'QE_IDENTITY_EXPIRED',
    ],
    ['a QE of another signer', { collateral: { qeIdentity: { mrsigner: '11'.repeat(32) } } }, 'QE_IDENTITY'],
    ['a QE of another product', { collateral: { qeIdentity: { isvprodid: 1 } } }, 'QE_IDENTITY'],
    ['a QE of another MISCSELECT', { collateral: { qeIdentity: { miscselect: '00000001' } } }, 'QE_IDENTITY'],
    [
      'a QE of other attributes',
      { collateral: { qeIdentity: { attributes: '15'.padEnd(32, '0') } } },
      'QE_IDENTITY',
    ],
    ['collateral older than asked for', { policy: { minimumEvaluation: 18 } }, 'TCB_EVALUATION'],
    ['another workload', { policy: { workloads: [`0x${'11'.repeat(32)}`] } }, 'WORKLOAD'],
    [
      'a service TD',
      { quote: { mrServiceTd: new Uint8Array(48).fill(9), teeTcbSvn2: [6, 1, 3] } },
      'SERVICE_TD',
    ],
  ] satisfies readonly [string, Case, string][])('with %s is refused', async (_, given, wanted) => {
    expect(code(await verify(given))).toBe(wanted)
  })

  test('with a CPU SVN below every level is refused by that component', async () => {
    const old = intel({ svns: machine.svns.map((svn, index) => (index === 7 ? 3 : svn)) })
    const options = { at: old.at, collateral: collateral({ ...old, svns: machine.svns }), roots: old.roots }
    const verdict = await Attestation.Dcap.verify(tdxQuote(old), options)
    expect(verdict.ok ? '' : verdict.refusal.message).toContain(
      'CPU SVN component 7 is 3, and must be at least 4',
    )
  })

  test('of a platform out of date is accepted where the caller accepts that, with advisories', async () => {
    const verdict = await verify({ collateral: { platform: 'OutOfDate' }, policy: { acceptOutOfDate: true } })
    expect(claims(verdict)).toMatchObject({ advisories: ['INTEL-SA-00001'], status: 'OutOfDate' })
    const revoked = await verify({ collateral: { platform: 'Revoked' }, policy: { acceptOutOfDate: true } })
    expect(code(revoked)).toBe('TCB_REVOKED')
  })

  test.each([
    ['SWHardeningNeeded', 'OutOfDate'],
    ['ConfigurationNeeded', 'OutOfDateConfigurationNeeded'],
    ['ConfigurationAndSWHardeningNeeded', 'OutOfDateConfigurationNeeded'],
  ])('of a platform that is %s becomes %s by a quoting enclave out of date', async (platform, wanted) => {
    const qe = [{ advisories: ['INTEL-SA-00002'], isvSvn: 1, status: 'OutOfDate' }]
    const verdict = await verify({ collateral: { platform, qe }, policy: { acceptOutOfDate: true } })
    expect(claims(verdict)).toMatchObject({
      advisories: ['INTEL-SA-00001', 'INTEL-SA-00002'],
      status: wanted,
    })
  })

  test('whose root CRL is that of another root is refused', async () => {
    const { rootCaCrl } = collateral(intel())
    const verdict = await Attestation.Dcap.verify(
      tdxQuote(machine),
      options({ ...collateral(machine), rootCaCrl }),
    )
    expect(code(verdict)).toBe('CRL_SIGNATURE')
  })

  test('whose CRL speaks for a part only is refused', async () => {
    const partial = [Authority.extension('2.5.29.28', Authority.sequence(), true)]
    const dates = { from: machine.at - 1n, until: machine.at + 1n }
    const pckCrl = Authority.revocationList(machine.platformCa, { ...dates, extensions: partial })
    const verdict = await Attestation.Dcap.verify(
      tdxQuote(machine),
      options({ ...collateral(machine), pckCrl }),
    )
    expect(code(verdict)).toBe('CERT_EXTENSION')
  })

  test.each([
    ['of another version', { version: 2 }],
    ['whose entries may be of another issuer', { entryExtensions: [ISSUER], revoked: [machine.signer] }],
  ])('with a CRL %s is refused', async (_, given) => {
    const dates = { from: machine.at - 1n, until: machine.at + 1n }
    const pckCrl = Authority.revocationList(machine.platformCa, { ...dates, ...given })
    const verdict = await Attestation.Dcap.verify(
      tdxQuote(machine),
      options({ ...collateral(machine), pckCrl }),
    )
    expect(code(verdict)).toBe('CRL_FORM')
  })

  test('with an empty CRL is refused', async () => {
    const empty = { ...collateral(machine), pckCrl: new Uint8Array(1) }
    expect(code(await Attestation.Dcap.verify(tdxQuote(machine), options(empty)))).toBe('DER')
  })
})

describe('TDX 1.5 rates the module at launch and the one that runs now', () => {
  test.each([
    [[6, 1, 3], [6, 1, 3], 'UpToDate'],
    [[3, 1, 3], [6, 1, 3], 'TDRelaunchAdvised'],
    [[3, 1, 3], [3, 1, 3], 'OutOfDate'],
    [[6, 1, 3], [3, 1, 3], 'OutOfDate'],
  ])('launched with %j and running %j is %s', async (teeTcbSvn, teeTcbSvn2, wanted) => {
    const given: Case = { quote: { teeTcbSvn, teeTcbSvn2 } }
    const accepted = await verify({ ...given, policy: { acceptOutOfDate: true } })
    expect(claims(accepted)).toMatchObject({ status: wanted, tee: 'tdx1.5' })
    expect(code(await verify(given))).toBe(wanted === 'UpToDate' ? 'accepted' : 'TCB_OUT_OF_DATE')
  })

  test('a relaunch of a platform to be configured is said to be one', async () => {
    const quote = { teeTcbSvn: [3, 1, 3], teeTcbSvn2: [6, 1, 3] }
    const policy = { acceptOutOfDate: true }
    const verdict = await verify({ collateral: { platform: 'ConfigurationNeeded' }, policy, quote })
    expect(claims(verdict).status).toBe('TDRelaunchAdvisedConfigurationNeeded')
  })

  test('a module that runs now and is not listed is refused', async () => {
    expect(code(await verify({ quote: { teeTcbSvn2: [6, 2, 3] } }))).toBe('TDX_MODULE')
  })
})

describe('an SGX quote under a root of our own', () => {
  const given = { qeIdentity: { id: 'QE' }, tcbInfo: { id: 'SGX' } }
  const verifySgx = (quote: Uint8Array, workloads?: readonly `0x${string}`[]) =>
    Attestation.Dcap.verify(quote, {
      ...options(collateral(machine, given)),
      ...(workloads ? { workloads } : {}),
    })

  test('is accepted, and its enclave alone where that is asked for', async () => {
    const { tee, workloadId } = claims(await verifySgx(sgxQuote(machine)))
    expect(tee).toBe('sgx')
    expect(code(await verifySgx(sgxQuote(machine), [workloadId]))).toBe('accepted')
    expect(code(await verifySgx(sgxQuote(machine), []))).toBe('WORKLOAD')
  })

  test('of a debug enclave is refused', async () => {
    expect(code(await verifySgx(sgxQuote(machine, { debug: true })))).toBe('ENCLAVE_DEBUG')
  })
})

describe('a chain', () => {
  const dates = { from: machine.at - 1n, until: machine.at + 1n }
  const replace = (part: Partial<Intel>): Promise<string> => {
    const changed = { ...machine, ...part }
    const options = { at: machine.at, collateral: collateral(machine), roots: machine.roots }
    return Attestation.Dcap.verify(tdxQuote(changed), options).then(code)
  }

  test('through a certificate that is no authority is refused', async () => {
    const platformCa = Authority.issue('Intel SGX PCK Platform CA', 'P-256', { ...dates, by: machine.root })
    expect(await replace({ platformCa })).toBe('CERT_NOT_CA')
  })

  test('through an authority that may not sign certificates is refused', async () => {
    const options = { ...dates, authority: true, by: machine.root, usage: 0x80 }
    const platformCa = Authority.issue('Intel SGX PCK Platform CA', 'P-256', options)
    expect(await replace({ platformCa })).toBe('CERT_KEY_USAGE')
  })

  test('through an authority of another name is refused', async () => {
    const platformCa = Authority.issue('Intel SGX PCK Other CA', 'P-256', {
      ...dates,
      authority: true,
      by: machine.root,
    })
    expect(await replace({ platformCa })).toBe('CERT_ISSUER')
  })

  test('of certificates named otherwise than Intel names them is refused', async () => {
    const { platformCa: by, root } = machine
    expect(await replace({ pck: Authority.issue('Intel SGX TCB Signing', 'P-256', { ...dates, by }) })).toBe(
      'CERT_NAME',
    )
    const platformCa = Authority.issue('Intel SGX Other CA', 'P-256', { ...dates, authority: true, by: root })
    const pck = Authority.issue('Intel SGX PCK Certificate', 'P-256', { ...dates, by: platformCa })
    expect(await replace({ pck, platformCa })).toBe('CERT_NAME')
    const signer = Authority.issue('Intel SGX PCK Certificate', 'P-256', { ...dates, by: root })
    const verdict = await Attestation.Dcap.verify(
      tdxQuote(machine),
      options(collateral({ ...machine, signer })),
    )
    expect(code(verdict)).toBe('CERT_NAME')
  })

  test('with more authorities than its root allows is refused', async () => {
    const root = Authority.issue('Intel SGX Root CA', 'P-256', { ...dates, authority: true, pathLength: 0 })
    const platformCa = Authority.issue('Intel SGX PCK Platform CA', 'P-256', {
      ...dates,
      authority: true,
      by: root,
    })
    const pck = Authority.issue('Intel SGX PCK Certificate', 'P-256', { ...dates, by: platformCa })
    const changed = { ...machine, pck, platformCa, root, roots: [Authority.pin(root)] }
    const given = { at: machine.at, collateral: collateral(changed), roots: changed.roots }
    expect(code(await Attestation.Dcap.verify(tdxQuote(changed), given))).toBe('CERT_PATH_LENGTH')
  })

  test('whose leaf another key signed is refused', async () => {
    const twin = { ...machine.platformCa, key: Authority.keyOf('P-256') }
    const pck = Authority.issue('Intel SGX PCK Certificate', 'P-256', { ...dates, by: twin })
    expect(await replace({ pck })).toBe('CERT_SIGNATURE')
  })

  test('whose leaf is an authority is refused', async () => {
    const pck = Authority.issue('Intel SGX PCK Certificate', 'P-256', {
      ...dates,
      authority: true,
      by: machine.platformCa,
    })
    expect(await replace({ pck })).toBe('LEAF_IS_CA')
  })

  test('whose leaf has a critical extension that is not understood is refused', async () => {
    const extensions = [Authority.extension('1.2.3.4', Authority.sequence(), true)]
    const pck = Authority.issue('Intel SGX PCK Certificate', 'P-256', {
      ...dates,
      by: machine.platformCa,
      extensions,
    })
    expect(await replace({ pck })).toBe('CERT_EXTENSION')
  })

  test('whose leaf says nothing of its platform is refused', async () => {
    const pck = Authority.issue('Intel SGX PCK Certificate', 'P-256', { ...dates, by: machine.platformCa })
    expect(await replace({ pck })).toBe('PCK_EXTENSION')
  })
})

type Case = {
  quote?: tdxQuote.Options
  collateral?: collateral.Options
  policy?: Partial<Attestation.Dcap.verify.Options>
}

function verify(given: Case): Promise<Attestation.Verdict<Attestation.Dcap.Claims>> {
  const all = { ...options(collateral(machine, given.collateral)), ...given.policy }
  return Attestation.Dcap.verify(tdxQuote(machine, given.quote), all)
}

function options(of: Attestation.Collateral.Collateral): Attestation.Dcap.verify.Options {
  return { at: machine.at, collateral: of, roots: machine.roots }
}
