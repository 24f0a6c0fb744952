import { TriggerRegistryAbi as abi, ContractRevertedError, Trigger } from '@jejunetwork/sdk'
import { BaseError, decodeFunctionResult, type Hex, parseEventLogs } from 'viem'
import { least } from '../money.ts'
import type { Fees } from '../send.ts'
import type { Desk, Now } from './Desk.ts'

/** What would run of a transaction, what would be repaid, and what it would cost. */
export type Rehearsal = { reasons: readonly Trigger.Reason[]; paid: bigint; cost: bigint }

/** Plays the transaction on the block that is being made. */
export async function rehearse(desk: Desk, draft: rehearse.Draft): Promise<Rehearsal> {
  if (desk.simulates) {
    try {
      return await simulate(desk, draft)
    } catch (error) {
      if (!isUnsupported(error)) throw error
      desk.simulates = false
      desk.log.warn('the node has no eth_simulateV1; profit is taken on the word of the registry', { error })
    }
  }
  return call(desk, draft)
}

export declare namespace rehearse {
  /** The call of `executeMany`, at what it may cost per gas at most. */
  type Draft = { data: Hex; fees: Fees; gas: bigint; most: bigint; now: Now }
}

async function simulate({ client, deployment, sender }: Desk, draft: rehearse.Draft): Promise<Rehearsal> {
  const { data, fees, gas, most, now } = draft
  const { maxPriorityFeePerGas } = fees
  const sent = { account: sender.address, data, gas, maxFeePerGas: most, maxPriorityFeePerGas }
  const blockOverrides = { baseFeePerGas: now.baseFee, number: now.number, time: now.time }
  const [block] = await client.simulateBlocks({
    blockNumber: now.number - 1n,
    validation: true,
    blocks: [{ blockOverrides, calls: [{ ...sent, to: deployment.triggerRegistry }] }],
  })
  const played = block?.calls[0]
  if (played === undefined || played.status !== 'success')
    throw new ContractRevertedError({ cause: played?.error, functionName: 'executeMany' })

  const runs = parseEventLogs({ abi, eventName: 'TriggerExecuted', logs: played.logs ?? [] })
  const tipped = now.baseFee + maxPriorityFeePerGas
  return {
    cost: played.gasUsed * least(tipped, most),
    paid: runs.reduce((sum, { args }) => sum + args.paid, 0n),
    reasons: reasonsIn(played.data),
  }
}

/** Without a simulation it is not seen what is repaid: the registry promises all of it, and a premium, for what is sponsored. */
async function call({ client, deployment, sender }: Desk, { data, gas }: rehearse.Draft): Promise<Rehearsal> {
  const to = deployment.triggerRegistry
  const answer = await client.call({ account: sender.address, blockTag: 'pending', data, gas, to })
  return { cost: 0n, paid: 0n, reasons: reasonsIn(answer.data ?? '0x') }
}

function reasonsIn(data: Hex): readonly Trigger.Reason[] {
  const results = decodeFunctionResult({ abi, data, functionName: 'executeMany' })
  return results.map((reason) => Trigger.reasons[reason] ?? 'not found')
}

const UNSUPPORTED = /method.*(not found|not exist|not supported|not available|unsupported|unknown)/i

function isUnsupported(error: unknown): boolean {
  if (!(error instanceof BaseError)) return false
  const coded = error.walk((cause) => [-32_601, -32_004].includes((cause as { code?: number }).code ?? 0))
  return coded !== null || UNSUPPORTED.test(error.details)
}
