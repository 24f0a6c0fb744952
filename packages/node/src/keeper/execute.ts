import { TriggerRegistryAbi as abi, ContractRevertedError } from '@jejunetwork/sdk'
import { encodeFunctionData, size } from 'viem'
import { eth, gwei, least } from '../money.ts'
import type { Fees, Sender } from '../send.ts'
import { type Desk, type Now, nowOf } from './Desk.ts'
import { type Due, nameOf, REST_SECONDS } from './Due.ts'
import { inputsOf, sharedLast } from './inputs.ts'
import { record } from './record.ts'
import { rehearse } from './rehearse.ts'

/** What a sponsor repays of the priority fee at most; more would be the keeper's loss. */
const TIP_CAP = 2_000_000_000n
/** What a sponsor repays is right to one percent, so that tips, which come without a premium, may seem to cost a little. */
const REPAID_PERCENT = 99n
/** The registry keeps a reserve behind each call, may refill, and calls through a forwarder. Unused gas costs nothing. */
const GAS_EACH = 320_000n
const GAS_ONCE = 120_000n
/** Below the most gas that a transaction may have (EIP-7825). */
const MOST_GAS = 15_000_000n

/** Executes what is due, in as few transactions as its gas allows, if it pays and no other keeper is at it. */
export async function execute(desk: Desk, due: readonly Due[]): Promise<void> {
  for (const batch of batches(sharedLast(due))) {
    let order: Order | undefined
    try {
      // Only when it is this transaction's turn: while it waited, others may have executed what is in it.
      const receipt = await desk.sender.writeWhenFree(async () => {
        order = await claim(desk, batch)
        return order && callOf(desk, order)
      })
      if (receipt !== undefined) await record(desk, { batch: order?.batch ?? [], receipt })
    } catch (error) {
      if (!(error instanceof ContractRevertedError)) throw error
      desk.log.error('the registry refused to execute', { error, triggerIds: idsOf(batch) })
    }
  }
}

type Order = { batch: readonly Due[]; fees: Fees }

/** Takes the batch's work, and answers what of it is worth sending. */
async function claim(desk: Desk, batch: readonly Due[]): Promise<Order | undefined> {
  const { leaseMs, sender, store } = desk
  const now = await nowOf(desk.client)
  const fees = await feesOf(desk, now)
  const ready = batch.filter((due) => isReady(desk, { due, fees, now }))
  const holder = sender.address
  const mine = await store.leases.take(ready.map(nameOf), { holder, leaseMs })
  const own = ready.filter((due) => mine.has(nameOf(due)))
  const order = await worthwhile(desk, { batch: own, fees, now })
  // What is sent stays this keeper's until every node has seen it; the rest is anyone's.
  const left = own.filter((due) => !order?.batch.includes(due))
  await store.leases.release(left.map(nameOf), { holder })
  return order
}

/** Whether it is affordable, and was not found wanting a moment ago. */
function isReady({ log, resting }: Desk, { due, fees, now }: { due: Due; fees: Fees; now: Now }): boolean {
  const { key, maxGasPrice, triggerId } = due
  if ((resting.get(nameOf(due)) ?? 0n) > now.time) return false
  resting.delete(nameOf(due))
  if (maxGasPrice === undefined || fees.maxPriorityFeePerGas + now.baseFee <= maxGasPrice) return true
  log.info('waits for a lower gas price', { key, maxGasPrice: gwei(maxGasPrice), triggerId })
  resting.set(nameOf(due), now.time + REST_SECONDS)
  return false
}

async function feesOf({ client }: Desk, { baseFee }: Now): Promise<Fees> {
  const { maxFeePerGas, maxPriorityFeePerGas: asked } = await client.estimateFeesPerGas()
  const maxPriorityFeePerGas = least(asked, TIP_CAP)
  return { maxFeePerGas: maxFeePerGas + baseFee, maxPriorityFeePerGas }
}

function* batches(due: readonly Due[]): Generator<readonly Due[]> {
  let batch: Due[] = []
  for (const one of due) {
    if (batch.length > 0 && gasOf([...batch, one]) > MOST_GAS) {
      yield batch
      batch = []
    }
    batch.push(one)
  }
  if (batch.length > 0) yield batch
}

function gasOf(batch: readonly Due[]): bigint {
  const each = ({ gasLimit, input }: Due) => gasLimit + gasLimit / 32n + BigInt(size(input)) * 40n + GAS_EACH
  return batch.reduce((sum, due) => sum + each(due), GAS_ONCE)
}

/** The fee cap that every sponsor of the batch agreed to. */
function capOf(batch: readonly Due[], fees: Fees): Fees {
  const caps = batch.flatMap(({ maxGasPrice }) => (maxGasPrice === undefined ? [] : [maxGasPrice]))
  const maxFeePerGas = caps.reduce(least, fees.maxFeePerGas * 4n)
  return { maxFeePerGas, maxPriorityFeePerGas: TIP_CAP }
}

/** What of the batch would run now and repay at least its gas. */
async function worthwhile(
  desk: Desk,
  { batch, fees, now }: Order & { now: Now },
): Promise<Order | undefined> {
  const { log, metrics, resting, sender, triggers, unpaid } = desk
  for (let rest = batch; rest.length > 0; ) {
    const most = least(fees.maxFeePerGas, capOf(rest, fees).maxFeePerGas)
    const { cost, paid, reasons } = await rehearse(desk, {
      data: encodeFunctionData({ abi, args: argsOf(rest), functionName: 'executeMany' }),
      fees,
      gas: gasOf(rest),
      most,
      now,
    })
    const ready = rest.filter((_, index) => reasons[index] === 'none')
    rest.forEach(({ key, triggerId }, index) => {
      const reason = reasons[index]
      if (reason !== 'none') log.info('not due after all', { key, reason, triggerId })
      // The block that is being made was another one when it was asked what is due.
      if (reason === 'too early') triggers.set(triggerId, 0n)
    })
    if (ready.length < rest.length) rest = ready
    else if (unpaid || paid * 100n >= cost * REPAID_PERCENT) return { batch: rest, fees }
    else {
      const money = { cost: eth(cost), paid: eth(paid) }
      log.warn('not worth its gas', { ...money, executor: sender.address, triggerIds: idsOf(rest) })
      metrics.add('unprofitable_total')
      for (const due of rest) resting.set(nameOf(due), now.time + REST_SECONDS)
      return undefined
    }
  }
  return undefined
}

function callOf({ deployment }: Desk, { batch, fees }: Order): Sender.Call {
  const [args, gas, most] = [argsOf(batch), gasOf(batch), capOf(batch, fees)]
  return { abi, address: deployment.triggerRegistry, args, functionName: 'executeMany', gas, most }
}

const idsOf = (batch: readonly Due[]) => batch.map(({ triggerId }) => triggerId)
const argsOf = (batch: readonly Due[]) => [idsOf(batch), inputsOf(batch)] as const
