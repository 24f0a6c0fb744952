import { ComputeRentalAbi, ContractRevertedError, Rental } from '@jejunetwork/sdk'
import { sumsIn } from '../money.ts'
import type { Runtime } from './runtime/Runtime.ts'
import type { Seen, Shop } from './Shop.ts'

/** Pay is fetched when it is worth this many times its gas. */
const WORTH = 20n
const GAS_ONE = 43_000n
const GAS_MORE = 8_600n
const MOST_AT_ONCE = 100
/** A session that was over for so long is not changed by a reorganisation any more. */
const FINAL_SECONDS = 3_600

/** Closes sessions whose time ran out, fetches pay that has matured, and strikes off what needs no more care. */
export async function collect(
  shop: Shop,
  {
    machines,
    now,
    sessions,
  }: { machines: Map<bigint, Runtime.Machine>; now: number; sessions: readonly Seen[] },
): Promise<void> {
  const { client, rows } = shop
  const over = sessions.filter((session) => session.status === 'ended')
  for (const { endTime, sessionId } of over) {
    const row = rows.get(sessionId)
    if (row !== undefined && !row.terminated && endTime <= now) await terminate(shop, sessionId)
  }

  const paying = sessions.filter(({ matured }) => matured > 0n).slice(0, MOST_AT_ONCE)
  const gasPrice = paying.length === 0 ? 0n : await client.getGasPrice()
  const cost = gasPrice * (GAS_ONE + GAS_MORE * BigInt(Math.max(0, paying.length - 1)))
  const pay = paying.reduce((sum, { matured }) => sum + matured, 0n)
  const isWorth = pay > 0n && pay >= WORTH * cost
  if (isWorth) await fetchPay(shop, paying)

  for (const { isOpen, matured, sessionId, unmatured } of sessions) {
    const row = rows.get(sessionId)
    const isFinal = row !== undefined && row.closedAt !== 0 && now - row.closedAt > FINAL_SECONDS
    const isPaid = unmatured === 0n && (matured === 0n || matured < gasPrice * GAS_MORE)
    if (!isOpen && isFinal && isPaid && !machines.has(sessionId)) rows.put({ ...row, done: true })
  }
}

/** Tells the chain that a session's time ran out. One that was ended by a call refuses, which costs nothing. */
async function terminate({ deployment, log, rows, sender }: Shop, sessionId: bigint): Promise<void> {
  try {
    const contract = { abi: ComputeRentalAbi, address: deployment.computeRental }
    await sender.write({ ...contract, args: [sessionId], functionName: 'terminateSession' })
    log.info('session closed', { sessionId })
  } catch (error) {
    if (!(error instanceof ContractRevertedError)) throw error
  }
  const row = rows.get(sessionId)
  if (row !== undefined) rows.put({ ...row, terminated: true })
}

async function fetchPay({ client, deployment, log, sender }: Shop, sessions: readonly Seen[]): Promise<void> {
  const ids = sessions.map(({ sessionId }) => sessionId)
  const contract = { abi: ComputeRentalAbi, address: deployment.computeRental }
  await sender.write({ ...contract, args: [ids], functionName: 'collect' })
  const payments = sessions.map(async ({ matured: amount, sessionId }) => ({
    amount,
    token: await Rental.tokenOf(client, { deployment, sessionId }),
  }))
  log.info('pay collected', {
    amount: await sumsIn(client, await Promise.all(payments)),
    sessionIds: ids,
  })
}
