import { TriggerRegistryAbi as abi, ContractRevertedError, Trigger } from '@jejunetwork/sdk'
import { decodeFunctionResult, encodeFunctionData, parseEventLogs, size, type TransactionReceipt } from 'viem'
import type { Fees } from '../send.ts'
import type { Desk, Now } from './Desk.ts'
import type { Due } from './Due.ts'

/** What a sponsor repays of the priority fee at most; more would be the keeper's loss. */
const TIP_CAP = 2_000_000_000n
/** What a sponsor repays is right to one percent, so that tips, which come without a premium, may seem to cost a little. */
const REPAID_PERCENT = 99n
/** The registry keeps a reserve behind each call, may refill, and calls through a forwarder. Unused gas costs nothing. */
const GAS_EACH = 320_000n
const GAS_ONCE = 120_000n
/** Below the most gas that a transaction may have (EIP-7825). */
const MOST_GAS = 15_000_000n

/** Executes what is due, in as few transactions as its gas allows, if it pays. */
export async function execute(desk: Desk, { due, now }: { due: readonly Due[]; now: Now }): Promise<void> {
  if (due.length === 0) return
  const fees = await feesOf(desk, now)
  const affordable = due.filter(({ key, maxGasPrice, triggerId }) => {
    const isDear = maxGasPrice !== undefined && fees.maxPriorityFeePerGas + now.baseFee > maxGasPrice
    if (isDear) desk.log.info('waits for a lower gas price', { key, maxGasPrice, triggerId })
    return !isDear
  })
  for (const batch of batches(affordable)) {
    const order = await worthwhile(desk, { batch, fees, now })
    if (order !== undefined) await send(desk, order)
  }
}

type Order = { batch: readonly Due[]; fees: Fees }

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
  const { log, sender, triggers, unpaid } = desk
  let rest = batch
  while (rest.length > 0) {
    const { cost, paid, reasons } = await rehearse(desk, { batch: rest, fees, now })
    const ready = rest.filter((_, index) => reasons[index] === 'none')
    rest.forEach(({ key, triggerId }, index) => {
      const reason = reasons[index]
      if (reason !== 'none') log.info('not due after all', { key, reason, triggerId })
      // The block that is being made was another one when it was asked what is due.
      if (reason === 'too early') triggers.set(triggerId, 0n)
    })
    if (ready.length < rest.length) {
      rest = ready
      continue
    }
    if (unpaid || paid * 100n >= cost * REPAID_PERCENT) return { batch: rest, fees }
    log.warn('not worth its gas', {
      cost,
      executor: sender.address,
      paid,
      triggerIds: rest.map((due) => due.triggerId),
    })
    return undefined
  }
  return undefined
}

type Rehearsal = { reasons: readonly Trigger.Reason[]; paid: bigint; cost: bigint }

/** Plays the transaction on the block that is being made: what would run, what would be repaid, what it would cost. */
async function rehearse(
  { client, deployment, sender }: Desk,
  { batch, fees, now }: Order & { now: Now },
): Promise<Rehearsal> {
  const { address: account } = sender
  const most = least(fees.maxFeePerGas, capOf(batch, fees).maxFeePerGas)
  const { maxPriorityFeePerGas } = fees
  const call = { account, data: dataOf(batch), gas: gasOf(batch), maxFeePerGas: most, maxPriorityFeePerGas }
  const blockOverrides = { baseFeePerGas: now.baseFee, number: now.number, time: now.time }
  const [block] = await client.simulateBlocks({
    blockNumber: now.number - 1n,
    validation: true,
    blocks: [{ blockOverrides, calls: [{ ...call, to: deployment.triggerRegistry }] }],
  })
  const played = block?.calls[0]
  if (played === undefined || played.status !== 'success')
    throw new ContractRevertedError({ cause: played?.error, functionName: 'executeMany' })

  const results = decodeFunctionResult({ abi, data: played.data, functionName: 'executeMany' })
  const runs = parseEventLogs({ abi, eventName: 'TriggerExecuted', logs: played.logs ?? [] })
  const tipped = now.baseFee + maxPriorityFeePerGas
  return {
    cost: played.gasUsed * least(tipped, most),
    paid: runs.reduce((sum, { args }) => sum + args.paid, 0n),
    reasons: results.map((reason) => Trigger.reasons[reason] ?? 'not found'),
  }
}

async function send(desk: Desk, { batch, fees }: Order): Promise<void> {
  const { deployment, log, sender } = desk
  const most = capOf(batch, fees)
  try {
    const receipt = await sender.write({
      abi,
      address: deployment.triggerRegistry,
      args: argsOf(batch),
      functionName: 'executeMany',
      gas: gasOf(batch),
      most,
    })
    await record(desk, { batch, receipt })
  } catch (error) {
    if (!(error instanceof ContractRevertedError)) throw error
    log.error('the registry refused to execute', { error, triggerIds: batch.map((due) => due.triggerId) })
  }
}

/** Notes what ran, and looks at once at what comes next. */
async function record(
  desk: Desk,
  { batch, receipt }: { batch: readonly Due[]; receipt: TransactionReceipt },
): Promise<void> {
  const { log, sender, store, triggers } = desk
  const runs = parseEventLogs({ abi, eventName: 'TriggerExecuted', logs: receipt.logs })
  const skipped = parseEventLogs({ abi, eventName: 'TriggerSkipped', logs: receipt.logs })
  const paid = runs.reduce((sum, { args }) => sum + args.paid, 0n)
  const cost = receipt.gasUsed * receipt.effectiveGasPrice
  for (const { args } of runs) {
    const { key, success, triggerId } = args
    log.info(success ? 'executed' : 'executed; the call reverted', { key, paid: args.paid, triggerId })
    const kind = batch.find((due) => due.triggerId === triggerId)?.kind
    if (kind === 'webhook')
      await store.deliveries.close(triggerId, key, { state: success ? 'executed' : 'failed' })
    if (kind === 'event') await store.logs.close(triggerId, key, { state: success ? 'executed' : 'failed' })
    triggers.set(triggerId, 0n)
  }
  for (const { args } of skipped) {
    log.info('skipped', { reason: Trigger.reasons[args.reason], triggerId: args.triggerId })
    triggers.set(args.triggerId, 0n)
  }
  log.info('transaction mined', {
    cost,
    earned: paid - cost,
    executor: sender.address,
    hash: receipt.transactionHash,
  })
}

const least = (a: bigint, b: bigint) => (a < b ? a : b)

const argsOf = (batch: readonly Due[]) =>
  [batch.map((due) => due.triggerId), batch.map((due) => due.input)] as const
const dataOf = (batch: readonly Due[]) =>
  encodeFunctionData({ abi, args: argsOf(batch), functionName: 'executeMany' })
