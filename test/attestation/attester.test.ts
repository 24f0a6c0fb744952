import { spawn } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ComputeStakingAbi } from '@jejunetwork/contracts'
import { Attestation } from '@jejunetwork/sdk'
import { bytesToHex, type Hex, keccak256 } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Provider } from '../../packages/node/src/provider/provider.ts'
import { accountOf, keyOf } from '../chain.ts'
import { createHome, type Home, until, watch } from '../jejuCompute.ts'
import { type Amd, amd, keyFiles } from './Amd.ts'
import { trustRootOf } from './Market.ts'
import { levelOf, type Stage, startStage } from './Stage.ts'

const { QuorumVerdict, SnpEvidence } = Attestation
const ROOT = join(import.meta.dirname, '../..')
const guide = readFileSync(join(ROOT, 'docs/guides/be-an-attester.md'), 'utf8')
const [
  joinIt = '',
  makeQuorum = '',
  sign = '',
  signToo = '',
  submit = '',
  look = '',
  refute = '',
  leave = '',
] = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block ?? '')
const PROVIDER = 1
const ATTESTERS = [3, 4, 5]
const STRANGER = 6

let stage: Stage
let machine: Amd
let node: Provider
let home: Home

beforeAll(async () => {
  stage = await startStage({
    bare: true,
    snp: (at) => {
      machine = amd({ at, bits: 4096 })
      return machine
    },
  })
  stage.market.deployment = stage.market.deployed
  await trustRootOf(stage.market, machine)
  node = await stage.startNode({ account: PROVIDER })
  home = createHome(stage.market)
  home.env['JEJU_TEE_ROOT'] = `milan=${machine.roots.milan}`
  home.env['JEJU_KDS_URL'] = stage.kds.url
  home.env['PATH'] = `${home.path}:${home.env['PATH']}`
  const command = join(home.path, 'jeju-compute')
  const bin = join(ROOT, 'packages/node/src/bin.ts')
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" --conditions=src "${bin}" "$@"\n`)
  chmodSync(command, 0o755)
  await until('a report with certificates', async () => (await shown())?.certificates !== undefined)
})

afterAll(async () => {
  await node?.close()
  await stage?.close()
  home?.remove()
})

test('TEE-24: the guide, from the stake to level 1', async () => {
  for (const attester of ATTESTERS) expect(await as(attester, joinIt)).toMatch(/staked +1 ETH/)
  home.env['MEMBERS'] = ATTESTERS.map((index) => accountOf(index).address).join()
  const made = await as(ATTESTERS[0], makeQuorum)
  const [, quorum = ''] = /quorum +(0x[0-9a-f]+)/.exec(made) ?? []
  home.env['QUORUM'] = quorum

  await as(ATTESTERS[0], sign)
  await as(ATTESTERS[1], signToo)
  expect(await as(PROVIDER, submit)).toMatch(/verdict +0x[0-9a-f]{64}/)

  const seen = await as(STRANGER, look)
  expect(seen).toMatch(new RegExp(`^ok +quorum +2 of 3, id ${quorum} +${quorum}$`, 'm'))
  expect(seen).toMatch(/^ok +report +milan, .* +signed up to AMD's root key$/m)
  // Its host gave no certificates along, and each attester asked what is revoked.
  const asked = stage.kds.asked.map((path) => path.split(/[/?]/)[4])
  expect(asked).toEqual([Buffer.from(machine.chipId).toString('hex'), 'cert_chain', 'crl', 'crl'])
  expect(seen).toContain('Provider 1 is verified: level 1.')
  expect(seen).toMatch(/^1 .* level 1, sev-snp +http:/m)
  const other = await as(
    STRANGER,
    'jeju-compute verify 1 --quorum 0x1; jeju-compute providers --quorum 0x1',
    1,
  )
  expect(other).toMatch(/^NO +quorum +2 of 3, id 0x\w+ +0x1$/m)
})

test('a verdict by no member is told as such, and two of different seconds are not one', async () => {
  const later = `ISSUED=$(sed -n 's/.*"issuedAt": \\([0-9]*\\).*/\\1/p' verdict-1.json)
    jeju-compute attester sign --provider 1 --quorum $QUORUM --issued-at $((ISSUED + 1)) > other.json`
  expect(await as(STRANGER, later)).toContain(`is no member of quorum ${home.env['QUORUM']} on this chain`)
  expect(await as(PROVIDER, 'jeju-compute attester submit verdict-1.json other.json', 1)).toContain(
    'other.json is of another verdict than verdict-1.json;',
  )
})

test('TEE-26: the guide’s last command: a true verdict stands, a lie burns its signers’ stake', async () => {
  const [truth] = verdicts()
  if (!truth) throw new Error('Nothing was signed.')
  const { attestationRegistry: registry } = stage.market.deployment
  const domain = { chainId: 31_337, registry }
  home.env['DIGEST'] = QuorumVerdict.hash(truth.verdict, domain)
  expect(await as(STRANGER, refute, 1)).toContain('is true: recomputed from its evidence')

  const report = new Uint8Array((await shown())?.report ?? [])
  report[700] = (report[700] ?? 0) ^ 1
  const evidence = bytesToHex(
    SnpEvidence.encode({
      authority: machine.authority.der,
      product: 'milan',
      report,
      vek: machine.vek.der,
    }),
  )
  const verdict = { ...truth.verdict, evidenceHash: keccak256(evidence) }
  for (const [at, index] of [5, 4].entries()) {
    const account = accountOf(index)
    const signature = await QuorumVerdict.sign(verdict, { ...domain, account })
    const signed = { ...truth, evidence, signature, signer: account.address, verdict }
    writeFileSync(join(home.path, `verdict-${at + 1}.json`), QuorumVerdict.toJson(signed))
  }
  await as(PROVIDER, submit)
  home.env['DIGEST'] = QuorumVerdict.hash(verdict, domain)
  const refuted = await as(STRANGER, refute)
  expect(refuted).toMatch(/wrong is its +signature/)
  expect(await Promise.all(ATTESTERS.map(stakeOf))).toEqual([10n ** 18n, 0n, 0n])
  expect((await levelOf(stage, node)).level).toBe(0)
  expect(await as(STRANGER, look.split('\n')[0] ?? '', 1)).toContain('Provider 1 is not verified: level is 0')
})

test('an attester signs nothing under an authority that AMD revoked, nor without knowing', async () => {
  const command = `${sign} --issued-at 1`.split('>')[0] ?? ''
  stage.revoke(machine.authority)
  expect(await as(3, command, 1)).toContain('Refused by CERT_REVOKED')
  stage.revoke()
  home.env['JEJU_KDS_URL'] = 'http://127.0.0.1:1'
  const unknown = await as(3, command, 75)
  home.env['JEJU_KDS_URL'] = stage.kds.url
  expect(unknown).toContain('does not answer at http://127.0.0.1:1/vcek/v1/Milan/crl')
  expect(unknown).toContain('give it by --crl, or name a mirror in JEJU_KDS_URL.')

  const crl = Object.entries(keyFiles(machine, [machine.authority])).find(([path]) => path.endsWith('/crl'))
  writeFileSync(join(home.path, 'amd.crl'), crl?.[1] ?? '')
  expect(await as(3, `${command.trim()} --crl amd.crl`, 1)).toContain('Refused by CERT_REVOKED')
})

test('an attester signs for nobody who shows nothing, or does not exist', async () => {
  const bare = await stage.startNode({ account: 2, reports: `${stage.folder}/nothing` })
  try {
    const shows = 'jeju-compute attester sign --quorum 1 --provider 2'
    expect(await as(3, shows, 1)).toMatch(/^Provider 2 shows no TEE, so there is nothing to judge: /m)
  } finally {
    await bare.close()
  }
  const silent = await as(3, 'jeju-compute attester sign --quorum 1 --provider 2', 75)
  expect(silent).toContain('does not answer when asked for its attestation')
  const none = await as(3, 'jeju-compute attester sign --quorum 1 --provider 9', 1)
  expect(none).toContain('There is no provider 9;')
})

test('STK-15: the guide’s way out: what backs the role leaves once the attester resigned', async () => {
  const [attester = 0] = ATTESTERS
  const bound = await as(attester, 'jeju-compute ledger unstake', 1)
  expect(bound).toContain('All 1 ETH back a role; ')
  expect(bound).toContain("`jeju-compute attester resign` an attester's.")
  const left = await as(attester, leave)
  expect(left).toContain(`${accountOf(attester).address} is no attester; `)
  expect(left).toMatch(/^1 ETH can be taken from .* on, by `jeju-compute ledger unstake`/m)
  expect(await as(attester, leave.split('\n')[0] ?? '', 1)).toContain('role not held')

  await stage.pass(7n * 86_400n)
  expect(await as(attester, 'jeju-compute ledger unstake')).toContain('1 ETH went to ')
  expect(await stakeOf(attester)).toBe(0n)
})

/** Runs a block of the page in the shell of the account's person, and answers with all that it said. */
async function as(index: number | undefined, block: string, exitCode = 0): Promise<string> {
  const child = spawn('bash', ['-ec', block], {
    cwd: home.path,
    env: { ...home.env, JEJU_PRIVATE_KEY: keyOf(index ?? 0) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const command = watch(child)
  expect(await command.exited, command.said()).toBe(exitCode)
  return command.said()
}

function verdicts() {
  return [1, 2].map((number) =>
    QuorumVerdict.fromJson(readFileSync(join(home.path, `verdict-${number}.json`), 'utf8')),
  )
}

async function shown() {
  const evidence = await Attestation.Evidence.fetchFrom(node.httpUrl, { next: true })
  return evidence.tee === 'none' ? undefined : evidence
}

function stakeOf(index: number): Promise<bigint> {
  const { client, deployment } = stage.market
  const args = [accountOf(index).address as Hex] as const
  const call = {
    abi: ComputeStakingAbi,
    address: deployment.computeStaking,
    functionName: 'stakeOf',
  } as const
  return client.readContract({ ...call, args })
}
