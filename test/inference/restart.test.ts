import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { channelState, Inference, Voucher } from '@jejunetwork/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountOf, type Chain, keyOf, startChain } from '../chain.ts'
import { freePorts } from '../jejuCompute.ts'
import { costAt, openPayer, PRICE, registerProvider, STORY } from './node.ts'

let chain: Chain
let folder: string
const children: ChildProcess[] = []

beforeAll(async () => {
  chain = await startChain()
  folder = mkdtempSync(join(tmpdir(), 'restart-'))
  await registerProvider(chain, { index: 1 })
})

afterAll(async () => {
  for (const child of children) await kill(child)
  await chain?.close()
  rmSync(folder, { force: true, recursive: true })
})

test('a node that is killed in the middle of an answer loses no voucher, and goes on', async () => {
  const { deployment } = chain
  const provider = accountOf(1).address
  const [port = 0] = await freePorts(1)
  const first = await startNode(port)
  const payer = await openPayer(chain, { provider, url: first.url, user: 2 })

  const stream = await payer.openai.chat.completions.create({ ...STORY, stream: true })
  let pieces = 0
  const read = async () => {
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content && ++pieces === 70) await kill(first.child)
    }
  }
  await expect(read()).rejects.toThrow()
  const signed = payer.payments.at(-1) ?? 0n
  expect(signed).toBeGreaterThan(38n * (PRICE.outputPrice / 1_000_000n))
  expect((await payer.channel()).claimed).toBe(0n)

  const second = await startNode(port)
  const payee = {
    chainId: deployment.chainId,
    contract: deployment.inferenceServing,
    provider,
    token: Inference.ETHER,
  }
  const state = await channelState({ fetch, payee, signer: payer.session.address, url: second.url })
  const held = Voucher.tallyOf(state.voucher ?? fail()).cumulative
  // The very last push may have met a dead node: the payer hands it over before its next request.
  expect(signed - held).toBeLessThanOrEqual(32n * (PRICE.outputPrice / 1_000_000n))

  const whole = await payer.openai.chat.completions.create(STORY)
  const paid = payer.payments.at(-1) ?? 0n
  expect(paid).toBeGreaterThanOrEqual(held + costAt(whole.usage ?? fail()))
  expect(paid).toBeLessThanOrEqual(signed + costAt(whole.usage ?? fail()))

  // Owner asks to close: the restarted node settles all that it was ever given.
  await Inference.requestClose(chain.walletOf(2), { deployment, provider, signer: payer.session.address })
  await expect.poll(async () => (await payer.channel()).claimed, { timeout: 30_000 }).toBe(paid)
})

test('a voucher that only the journal knows is settled after a kill', async () => {
  const { deployment } = chain
  const provider = accountOf(1).address
  const first = await startNode(0)
  const payer = await openPayer(chain, { provider, url: first.url, user: 3 })
  const { usage } = await payer.openai.chat.completions.create(STORY)
  await kill(first.child)
  await Inference.requestClose(chain.walletOf(3), { deployment, provider, signer: payer.session.address })

  await startNode(0)
  await expect
    .poll(async () => (await payer.channel()).claimed, { timeout: 30_000 })
    .toBe(costAt(usage ?? fail()))
})

async function startNode(port: number): Promise<{ child: ChildProcess; url: string }> {
  const { deployment, rpcUrl } = chain
  const options = { deployment, journalPath: join(folder, 'journal.db'), key: keyOf(1), port, rpcUrl }
  const script = join(import.meta.dirname, 'child.ts')
  const child = spawn(process.execPath, ['--conditions=src', script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const [line] = await once(child.stdout, 'data')
  return { child, url: String(line).trim() }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

function fail(): never {
  throw new Error('Missing.')
}
