import { ReceiptProof, Trigger, TriggerConfig, TriggerInput } from '@jejunetwork/sdk'
import { concat, encodePacked, type Hex, keccak256, parseEther, toHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  AttesterQuorumsAbi,
  TriggerRegistryAbi as abi,
  ComputeStakingAbi,
} from '../../packages/contracts/abi/index.ts'
import { accountOf, type Chain, startChain } from '../chain.ts'
import { createAgent, cronConfig, eventConfig, sponsor, tickInput, webhookConfig, write } from './agent.ts'

const EXECUTOR = 5
const SIGNER = 7
/** Emits one log, of its calldata, with its first word as a topic. */
const EMITTER: Hex = '0x365f5f375f51365fa100'
/** Emits ten logs, each with a topic of its own, which is more than a bloom has room for in 16 bytes. */
const TEN_LOGS: Hex = concat(
  Array.from({ length: 10 }, (_, topic) => concat(['0x60', toHex(topic, { size: 1 }), '0x5f5fa1'])),
)
const EMITTER_AT: Hex = '0x00000000000000000000000000000000000e3117'

let chain: Chain
beforeAll(async () => {
  chain = await startChain({ args: ['--gas-limit', '300000000'] })
  await execute('openCredit', [], { value: 1n })
})
afterAll(() => chain.close())

/** What a batch of cron triggers may cost, each, with one input for all and with one for each. */
const BATCHES = [
  [1, 48_650, 48_650],
  [2, 33_800, 34_200],
  [5, 24_900, 25_550],
  [10, 21_950, 22_700],
  [20, 20_450, 21_250],
] as const

test('TRG-40: an executor of ticks is repaid what its receipt says, within 1 %, and a tenth of the base fee', async () => {
  const ids: bigint[] = []
  for (let i = 0; i < 20; i++) ids.push(await sponsored(0, cronConfig('* * * * *')))
  const backfill = await sponsored(0, cronConfig('* * * * *', 1))
  for (const [id, most] of [
    [ids[0] ?? 0n, 47_000n],
    [backfill, 48_600n],
  ] as const) {
    await chain.warp(60)
    const { gasUsed } = await repaid(async () => execute('executeTrigger', [id, tickInput(await due(id))]))
    report('cron, one', gasUsed)
    expect(gasUsed).toBeLessThanOrEqual(most)
  }
  for (const [count, mostOfOne, mostOfMany] of BATCHES)
    for (const [inputs, most] of [
      [1, mostOfOne],
      [count, mostOfMany],
    ] as const) {
      await chain.warp(60)
      const input = tickInput(await due(ids[0] ?? 0n))
      const args = [ids.slice(0, count), Array.from({ length: inputs }, () => input)]
      const { gasUsed } = await repaid(() => execute('executeMany', args))
      report(`cron, ${count} at once with ${inputs} inputs, each`, gasUsed / BigInt(count))
      expect(gasUsed / BigInt(count)).toBeLessThanOrEqual(most)
    }
})

test('TRG-40: so is one of deliveries', async () => {
  const id = await sponsored(1, webhookConfig(accountOf(SIGNER).address))
  for (const [nonce, length] of [0, 32, 32, 512].entries()) {
    const { gasUsed } = await repaid(async () =>
      execute('executeTrigger', [id, await delivery(id, nonce, length)]),
    )
    if (nonce === 0) continue // the first of a word of nonces pays for the word
    report(`delivery of ${length} bytes`, gasUsed)
    expect(gasUsed).toBeLessThanOrEqual(length === 32 ? 62_000 : 71_100)
  }
})

test('TRG-40: so is one of logs, of a block of 200 transactions, fresh or older than BLOCKHASH reaches', async () => {
  await rpc('anvil_setCode', [EMITTER_AT, EMITTER])
  const id = await sponsored(2, eventConfig(EMITTER_AT))
  const block = await blockOf(200)
  for (const index of [0, 1, 127, 128, 157, 199]) {
    const { gasUsed } = await repaid(() => execute('executeTrigger', [id, inputOf(block, index)]))
    report(`log of transaction ${index} of 200`, gasUsed)
    expect(gasUsed).toBeLessThanOrEqual(115_000)
  }
  expect(await read('isDue', [id, inputOf(block, 199)])).toEqual([false, 9])

  const ids = [id, await sponsored(2, eventConfig(EMITTER_AT)), await sponsored(2, eventConfig(EMITTER_AT))]
  const before = await blockOf(3)
  const proof = before.proofOf(1)
  const shared = TriggerInput.ofLog({ logIndex: 0, number: before.number, proof, transactionIndex: 1 })
  const { gasUsed } = await repaid(() => execute('executeMany', [ids, [shared]]))
  report('a log that three triggers wait for, each', gasUsed / 3n)

  await mineTo(block, 300)
  await repaid(() => execute('executeTrigger', [id, inputOf(block, 50)]))
})

test('TRG-40: so is one of a receipt with many logs, in a block of its own', async () => {
  await rpc('anvil_setCode', [EMITTER_AT, TEN_LOGS])
  const id = await sponsored(2, eventConfig(EMITTER_AT))
  const block = await blockOf(1)
  expect(block.logs[0]).toHaveLength(10)
  await repaid(() => execute('executeTrigger', [id, inputOf(block, 0, 9)]))
})

test('TRG-41: so is one of logs of another chain, on the word of a quorum that signed what the SDK says', async () => {
  const attester = accountOf(6)
  const contract = { abi: ComputeStakingAbi, address: chain.deployment.computeStaking }
  await write(chain, 6, { ...contract, functionName: 'stake', value: parseEther('1') })
  await write(chain, 6, { ...contract, functionName: 'becomeAttester' })
  const quorum = {
    abi: AttesterQuorumsAbi,
    address: chain.deployment.attesterQuorums,
    args: [[attester.address], 1],
    functionName: 'createQuorum',
  } as const
  const { result: quorumId } = await chain.client.simulateContract(quorum)
  await write(chain, 6, quorum)
  const topic = keccak256('0x01')
  const config = {
    emitter: EMITTER_AT,
    kind: 'event',
    otherChain: { chainId: 8453n, quorumId },
    topics: [topic],
  } as const
  const id = await sponsored(2, TriggerConfig.encode(config))
  const { config: stored } = await Trigger.get(chain.client, { deployment: chain.deployment, triggerId: id })
  expect(stored).toMatchObject({ otherChain: config.otherChain, topics: [topic] })

  const { timestamp } = await chain.client.getBlock()
  const log = { blockNumber: 7n, chainId: 8453n, data: '0x1234', emitter: EMITTER_AT, logIndex: 1 } as const
  const attested = { ...log, timestamp: timestamp + 1n, topics: [topic], transactionIndex: 2 }
  const signature = await attester.signTypedData(
    TriggerInput.attestationOf(attested, { deployment: chain.deployment }),
  )
  const input = TriggerInput.ofAttestedLog(attested, { signatures: [signature] })
  const { gasUsed } = await repaid(() => execute('executeTrigger', [id, input]))
  report('attested log, a quorum of one', gasUsed)
  expect(await read('isDue', [id, input])).toEqual([false, 9])
})

function inputOf(block: ReceiptProof.ProvenBlock, transactionIndex: number, logIndex = 0): Hex {
  const proof = block.proofOf(transactionIndex)
  return TriggerInput.ofLog({ logIndex, number: block.number, proof, transactionIndex })
}

/** Checks that the executor's credit grew by what the transaction cost it, and the premium. */
async function repaid(run: () => ReturnType<typeof write>): ReturnType<typeof write> {
  const executor = accountOf(EXECUTOR).address
  const before = (await read('creditOf', [executor])) as bigint
  const receipt = await run()
  const paid = ((await read('creditOf', [executor])) as bigint) - before
  const { baseFeePerGas } = await chain.client.getBlock({ blockNumber: receipt.blockNumber })
  const premium = (receipt.gasUsed * (baseFeePerGas ?? 0n)) / 10n
  const ratio = Number(paid - premium) / Number(receipt.gasUsed * receipt.effectiveGasPrice)
  expect(ratio).toBeGreaterThan(0.99)
  expect(ratio).toBeLessThan(1.01)
  return receipt
}

async function sponsored(triggerType: 0 | 1 | 2, config: Hex): Promise<bigint> {
  const id = await createAgent(chain, { triggerType, config })
  await sponsor(chain, id)
  return id
}

async function delivery(triggerId: bigint, nonce: number, length: number): Promise<Hex> {
  const payload: Hex = length === 0 ? '0x' : `0x${'ab'.repeat(length)}`
  const { timestamp } = await chain.client.getBlock()
  const signature = await accountOf(SIGNER).signTypedData({
    domain: {
      name: 'Jeju TriggerRegistry',
      version: '1',
      chainId: chain.deployment.chainId,
      verifyingContract: chain.deployment.triggerRegistry,
    },
    types: {
      WebhookDelivery: [
        { name: 'triggerId', type: 'uint256' },
        { name: 'nonce', type: 'uint64' },
        { name: 'timestamp', type: 'uint64' },
        { name: 'payloadHash', type: 'bytes32' },
      ],
    },
    primaryType: 'WebhookDelivery',
    message: { triggerId, nonce: BigInt(nonce), timestamp, payloadHash: keccak256(payload) },
  })
  const head = encodePacked(
    ['uint8', 'uint64', 'uint40', 'uint16'],
    [1, BigInt(nonce), Number(timestamp), 65],
  )
  return concat([head, signature, payload])
}

/** A block of `count` transactions of all types, each with a log. */
async function blockOf(count: number): Promise<ReceiptProof.ProvenBlock> {
  await rpc('evm_setAutomine', [false])
  const first = await chain.client.getTransactionCount({ address: accountOf(8).address })
  for (let i = 0; i < count; i++) {
    const fees = i % 2 === 0 ? { gasPrice: 10n ** 10n } : { maxFeePerGas: 10n ** 10n }
    const data = concat([toHex(i, { size: 32 }), toHex(10n ** 18n, { size: 32 })])
    await chain
      .walletOf(8)
      .sendTransaction({ to: EMITTER_AT, data, gas: 100_000n, nonce: first + i, ...fees })
  }
  await rpc('evm_mine', [])
  await rpc('evm_setAutomine', [true])
  const blockNumber = await chain.client.getBlockNumber({ cacheTime: 0 })
  return ReceiptProof.ofBlock(chain.client, { blockNumber })
}

/** Mines until the next block comes `distance` blocks after this one, without letting time pass. */
async function mineTo(block: ReceiptProof.ProvenBlock, distance: number): Promise<void> {
  const ahead = block.number + BigInt(distance) - 1n
  const missing = ahead - (await chain.client.getBlockNumber({ cacheTime: 0 }))
  await rpc('anvil_mine', [toHex(missing), '0x0'])
}

const rpc = (method: string, params: unknown[]): Promise<unknown> =>
  chain.client.request({ method, params } as never)
const due = (id: bigint) => read('dueTick', [id]) as Promise<bigint>
const read = (functionName: string, args: unknown[]): Promise<unknown> =>
  chain.client.readContract({ address: chain.deployment.triggerRegistry, abi, functionName, args } as never)
const execute = (functionName: string, args: unknown[], rest = {}) =>
  write(chain, EXECUTOR, {
    address: chain.deployment.triggerRegistry,
    abi,
    functionName,
    args,
    gas: 10_000_000n,
    ...rest,
  })
const report = (what: string, gas: bigint) => console.log(`${what}: ${gas} gas`)
