import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Attestation } from '@jejunetwork/sdk'
import type { LocalAccount, PublicClient } from 'viem'
import { parseEther } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openJournal } from '../../packages/node/src/journal.ts'
import { createLog } from '../../packages/node/src/log.ts'
import { type Provider, start } from '../../packages/node/src/provider/provider.ts'
import { freePorts, until } from '../jejuCompute.ts'
import * as Authority from './Authority.ts'
import { collateral, intel, tdxQuote } from './Intel.ts'
import { startMarket } from './Market.ts'
import { type Pcs, startPcs } from './Pcs.ts'
import { startTsm, type Tsm } from './Tsm.ts'

const DAY = 86_400n

let market: Awaited<ReturnType<typeof startMarket>>
let pcs: Pcs
let tsm: Tsm
let folder: string
let node: Provider
let ports: number[]
let now: bigint
let published: collateral.Options = {}
const said: string[] = []

beforeAll(async () => {
  market = await startMarket((at) => intel({ at }))
  now = market.intel.at
  ports = await freePorts(4)
  folder = mkdtempSync(join(tmpdir(), 'attested-'))
  tsm = startTsm(join(folder, 'tsm'), (reportData) => tdxQuote(market.intel, { reportData }))
  pcs = await startPcs(() => ({
    ...collateral(market.intel, { from: now - 3600n, until: now + 30n * DAY, ...published }),
    pckCrlIssuerChain: Authority.pem(market.intel.platformCa, market.intel.root),
  }))
})

afterAll(async () => {
  await node?.close()
  await pcs?.close()
  await tsm?.end()
  await market?.close()
  rmSync(folder, { force: true, recursive: true })
})

test('TEE-10: a machine with a TEE has level 2 soon after its node started, and shows the evidence', async () => {
  node = await startNode()
  await until('level 2', async () => (await level()).level === 2)
  expect(await level()).toMatchObject({ kept: { evaluation: 17, status: 'UpToDate' }, tee: 'tdx' })

  const evidence = await shown()
  expect(evidence.binding.sshHostKeyHash).toBe(Attestation.Binding.sshHostKeyHash(node.hostKey))
  const { roots } = market.intel
  const verdict = await Attestation.Dcap.verify(evidence.report, {
    at: now,
    collateral: evidence.collateral ?? raise('no collateral is shown'),
    roots,
  })
  expect(verdict.ok).toBe(true)
})

test('a node that starts again neither asks its TEE nor sends anything', async () => {
  const [asked, sent] = [tsm.asked.length, await nonce()]
  await node.close()
  node = await startNode()
  await until('collateral was looked at', async () => (pcs.asked.length > 4 ? true : undefined))
  expect([tsm.asked.length, await nonce()]).toEqual([asked, sent])
})

test('a node that died between sending its evidence and noting that it did, sends it once', async () => {
  const sent = await nonce()
  await node.close()
  const journal = openJournal(join(folder, '1/journal.db'))
  journal.exec("UPDATE attestation SET slot = 'next', rated = ''")
  journal.close()
  node = await startNode()
  await until('the evidence is shown', async () => (await evidenceOf(node)).tee === 'tdx')
  expect(await nonce()).toBe(sent)
})

test('a machine without a TEE says so once, and its provider stays claimed', async () => {
  const other = await startNode({ account: 2, reports: join(folder, 'nothing') })
  try {
    const reason = `There is no ${join(folder, 'nothing')}: the machine is no TEE guest.`
    await until('its reason', async () => {
      const evidence = await evidenceOf(other)
      return evidence.tee === 'none' && evidence.reason === reason
    })
    await until('a second pass', async () => lines('no TEE').length > 0)
    expect(lines('no TEE')).toHaveLength(1)
    expect((await level(other)).level).toBe(0)
  } finally {
    await other.close()
  }
})

test('TEE-10: evidence is renewed before it ends, with newer collateral', async () => {
  const before = (await level()).expiry
  await pass(6n * DAY)
  await until('a later end', async () => ((await level()).expiry > before ? true : undefined))
  expect((await level()).level).toBe(2)
})

test('TEE-15: when Intel revokes the platform, the node has its own level taken away, and goes on serving', async () => {
  published = { revoked: ['pck'] }
  await pass(DAY)
  await until('level 0', async () => (await level()).level === 0)
  expect((await level()).kept.level).toBe(0)
  await until('a refusal', async () => lines('attestation failed').length > 0)
  expect((await fetch(`${node.httpUrl}/health`)).status).toBe(200)
})

async function startNode({ account = 1, reports = tsm.folder } = {}): Promise<Provider> {
  const log = createLog({
    to: {
      write: (line) => void said.push(line),
    },
  })
  const { accounts, client, deployment } = market
  mkdirSync(join(folder, String(account)), { recursive: true })
  return start(
    {
      attestation: { intervalMs: 100, pccsUrl: pcs.url, tsm: reports },
      dataDir: join(folder, String(account)),
      deployment,
      dockerSocket: '',
      host: '127.0.0.1',
      httpPort: ports[account] ?? 0,
      inference: false,
      pricePerHour: parseEther('0.01'),
      publicUrl: `http://127.0.0.1:${ports[account]}`,
      removeMachinesOnClose: false,
      runtime: 'process',
      sshHost: '127.0.0.1',
      sshPort: 0,
      stake: parseEther('0.1'),
    },
    {
      account: accounts[account] as LocalAccount,
      client: client as PublicClient,
      log,
      signal: new AbortController().signal,
    },
  )
}

function lines(about: string): readonly string[] {
  return said.filter((line) => line.includes(about))
}

function level({ providerId } = node): Promise<Attestation.Level> {
  const { attestationRegistry: registry } = market.deployment
  return Attestation.levelOf(market.client, { providerId, registry })
}

async function shown() {
  const evidence = await evidenceOf(node)
  return evidence.tee === 'none' ? raise(evidence.reason) : evidence
}

async function evidenceOf({ httpUrl }: Provider): Promise<Attestation.Evidence.Evidence> {
  const answer = await fetch(`${httpUrl}/v1/attestation`)
  return Attestation.Evidence.fromJson(await answer.text())
}

async function pass(seconds: bigint): Promise<void> {
  now += seconds
  await market.warp(Number(seconds))
}

function nonce(): Promise<number> {
  return market.client.getTransactionCount({ address: node.address })
}

function raise(why: string): never {
  throw new Error(why)
}
