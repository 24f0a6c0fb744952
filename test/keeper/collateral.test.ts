import { Attestation, write } from '@jejunetwork/sdk'
import type { PublicClient } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRefresher } from '../../packages/node/src/keeper/refreshCollateral.ts'
import { createLog } from '../../packages/node/src/log.ts'
import { createSender } from '../../packages/node/src/send.ts'
import * as Authority from '../attestation/Authority.ts'
import { collateral } from '../attestation/Intel.ts'
import { levelOf, type Stage, startStage } from '../attestation/Stage.ts'
import { accountOf } from '../chain.ts'
import { until } from '../jejuCompute.ts'

const DAY = 86_400n

let stage: Stage
const said: string[] = []
const stop = new AbortController()

beforeAll(async () => {
  stage = await startStage()
  const node = await stage.startNode()
  await until('level 2', async () => (await levelOf(stage, node)).level === 2)
  await node.close()
})

afterAll(async () => {
  stop.abort()
  await stage?.close()
})

test('TEE-8: the keeper brings newer collateral of every platform that the chain knows, and nothing twice', async () => {
  const refresh = keeper()
  await refresh()
  expect(said).toEqual([])
  await stage.pass(20n * DAY)
  await refresh()
  expect(calls()).toEqual(['updateCrl', 'updateCrl', 'updateTcbInfo', 'updateQeIdentity'])
  await refresh()
  expect(calls()).toHaveLength(4)
})

test('a model that a stranger brought, and of which no machine is known, is left to him', async () => {
  const { client, deployment, intel, walletOf } = stage.market
  const { timestamp } = await client.getBlock()
  const dates = { from: timestamp - 60n, until: timestamp + DAY }
  const foreign = {
    ...collateral(intel, { ...dates, fmspc: '00906ea10000' }),
    pckCrlIssuerChain: Authority.pem(intel.platformCa, intel.root),
  }
  const calls = await Attestation.Pccs.missing(client, { address: deployment.pccs, collateral: foreign })
  expect(calls.map(({ functionName }) => functionName)).toContain('updateTcbInfo')
  for (const call of calls) await write(walletOf(6), call)

  stage.pcs.asked.length = 0
  await keeper()()
  expect(stage.pcs.asked.join()).toContain('fmspc=')
  expect(stage.pcs.asked.join()).not.toContain('00906ea10000')
})

test('a service that does not answer is said, and the next look comes', async () => {
  await keeper('http://127.0.0.1:1')()
  expect(said.at(-1)).toContain('collateral cannot be refreshed')
})

function calls(): readonly string[] {
  return said.map((line) => JSON.parse(line).call)
}

/** What a keeper of the fifth development account runs now and then. */
function keeper(url = stage.pcs.url): () => Promise<void> {
  const { deployment } = stage.market
  const client = stage.market.client as PublicClient
  const log = createLog({ to: { write: (line) => void said.push(line) } })
  const sender = createSender({ account: accountOf(5), client, log, signal: stop.signal })
  return createRefresher({ client, deployment, log, sender, spans: { logs: 1_024n } }, { url })
}
