import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Attestation } from '@jejunetwork/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openJournal } from '../../packages/node/src/journal.ts'
import type { Provider } from '../../packages/node/src/provider/provider.ts'
import { until } from '../jejuCompute.ts'
import { levelOf, type Stage, startStage } from './Stage.ts'

const DAY = 86_400n

let stage: Stage
let node: Provider

beforeAll(async () => {
  stage = await startStage()
})

afterAll(async () => {
  await node?.close()
  await stage?.close()
})

test('TEE-10: a machine with a TEE has level 2 soon after its node started, and shows the evidence', async () => {
  node = await stage.startNode()
  await until('level 2', async () => (await level()).level === 2)
  expect(await level()).toMatchObject({ kept: { evaluation: 17, status: 'UpToDate' }, tee: 'tdx' })

  // The node notes that it sent it after the chain has it.
  await until('evidence', async () => (await evidenceOf(node)).tee !== 'none')
  const evidence = await shown()
  expect(evidence.binding.sshHostKeyHash).toBe(Attestation.Binding.sshHostKeyHash(node.hostKey))
  const { at, roots } = stage.market.intel
  const { collateral = raise('no collateral is shown') } = evidence
  expect((await Attestation.Dcap.verify(evidence.report, { at, collateral, roots })).ok).toBe(true)
})

test('a node that starts again neither asks its TEE nor sends anything', async () => {
  const { pcs, tsm } = stage
  const [asked, sent, fetched] = [tsm.asked.length, await nonce(), pcs.asked.length]
  await node.close()
  node = await stage.startNode()
  await until('collateral was looked at', async () => pcs.asked.length >= fetched + 4)
  expect([tsm.asked.length, await nonce()]).toEqual([asked, sent])
})

test('a node that died between sending its evidence and noting that it did, sends it once', async () => {
  const sent = await nonce()
  await node.close()
  const journal = openJournal(join(stage.folder, '1/journal.db'))
  journal.exec("UPDATE attestation SET slot = 'next', rated = ''")
  journal.close()
  node = await stage.startNode()
  await until('the evidence is shown', async () => (await evidenceOf(node)).tee === 'tdx')
  expect(await nonce()).toBe(sent)
})

test('a machine without a TEE says so once, and its provider stays claimed', async () => {
  const nothing = join(stage.folder, 'nothing')
  const other = await stage.startNode({ account: 2, reports: nothing })
  try {
    const reason = `There is no ${nothing}: the machine is no TEE guest, or its kernel is older than 6.7, or configfs is not mounted.`
    await until('its reason', async () => {
      const evidence = await evidenceOf(other)
      return evidence.tee === 'none' && evidence.reason === reason
    })
    expect(lines('no TEE')).toHaveLength(1)
    expect((await levelOf(stage, other)).level).toBe(0)
  } finally {
    await other.close()
  }
})

test('a TEE that does not answer is said once, with what refused, and the node serves on', async () => {
  const broken = join(stage.folder, 'broken')
  mkdirSync(join(broken, 'jeju-compute'), { recursive: true })
  const other = await stage.startNode({ account: 2, reports: broken })
  try {
    const reason = `${broken}/jeju-compute/generation cannot be used (ENOENT).`
    await until('its reason', async () => {
      const evidence = await evidenceOf(other)
      return evidence.tee === 'none' && evidence.reason === reason
    })
    expect(lines('attestation failed')).toHaveLength(1)
    expect((await levelOf(stage, other)).level).toBe(0)
  } finally {
    await other.close()
  }
})

test('TEE-10: evidence is renewed before it ends, with newer collateral', async () => {
  const before = (await level()).expiry
  await stage.pass(6n * DAY)
  await until('a later end', async () => (await level()).expiry > before)
  expect((await level()).level).toBe(2)
})

test('TEE-10: a level that ran out while the node was away comes back with it', async () => {
  await node.close()
  await stage.pass(8n * DAY)
  expect((await level()).level).toBe(0)
  node = await stage.startNode()
  await until('level 2 again', async () => (await level()).level === 2)
})

test('TEE-15: when Intel revokes the platform, the node has its own level taken away, and goes on serving', async () => {
  stage.publish({ revoked: ['pck'] })
  await stage.pass(DAY)
  await until('level 0', async () => (await level()).level === 0)
  expect((await level()).kept.level).toBe(0)
  await until('a refusal', async () => lines('attestation failed').length > 0)
  expect((await fetch(`${node.httpUrl}/health`)).status).toBe(200)
})

function lines(about: string): readonly string[] {
  return stage.said.filter((line) => line.includes(about))
}

function level(): Promise<Attestation.Level> {
  return levelOf(stage, node)
}

async function shown() {
  const evidence = await evidenceOf(node)
  return evidence.tee === 'none' ? raise(evidence.reason) : evidence
}

function evidenceOf({ httpUrl }: Provider): Promise<Attestation.Evidence.Evidence> {
  return Attestation.Evidence.fetchFrom(httpUrl)
}

function nonce(): Promise<number> {
  return stage.market.client.getTransactionCount({ address: node.address })
}

function raise(why: string): never {
  throw new Error(why)
}
