import { ComputeRentalAbi, ContractRevertedError, Rental } from '@jejunetwork/sdk'
import { type Address, zeroAddress } from 'viem'
import { sumsIn } from '../money.ts'
import type { Runtime } from './runtime/Runtime.ts'
import type { Seen, Shop } from './Shop.ts'

/** Pay in ether is fetched when it is worth this many times its gas. */
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

  const paying = sessions.filter(({ matured }) => matured > 0n)
  const gasPrice = paying.length === 0 ? 0n : await client.getGasPrice()
  const inTokens = new Set<bigint>()
  for (const { sessionId } of paying) {
    if ((await tokenOf(shop, sessionId)) !== zeroAddress) inTokens.add(sessionId)
  }

  const inEther = paying.filter(({ sessionId }) => !inTokens.has(sessionId)).slice(0, MOST_AT_ONCE)
  const cost = gasPrice * (GAS_ONE + GAS_MORE * BigInt(Math.max(0, inEther.length - 1)))
  const pay = inEther.reduce((sum, { matured }) => sum + matured, 0n)
  if (pay > 0n && pay >= WORTH * cost) await fetchPay(shop, inEther)

  const due = paying.filter((session) => inTokens.has(session.sessionId) && isDue(session))
  if (due.length > 0) await fetchPay(shop, due.slice(0, MOST_AT_ONCE))

  for (const { isOpen, matured, sessionId, unmatured } of sessions) {
    const row = rows.get(sessionId)
    const isFinal = row !== undefined && row.closedAt !== 0 && now - row.closedAt > FINAL_SECONDS
    const isDust = matured < gasPrice * GAS_MORE && !inTokens.has(sessionId)
    const isPaid = unmatured === 0n && (matured === 0n || isDust)
    if (!isOpen && isFinal && isPaid && !machines.has(sessionId)) rows.put({ ...row, done: true })
  }
}

/** Tokens have no price in gas here: pay in them is fetched each day, and when all that a session earned has matured. */
const isDue = ({ isOpen, matured, pricePerHour, unmatured }: Seen): boolean =>
  (!isOpen && unmatured === 0n) || matured >= 24n * pricePerHour

async function tokenOf({ client, deployment, tokens }: Shop, sessionId: bigint): Promise<Address> {
  const token = tokens.get(sessionId) ?? (await Rental.tokenOf(client, { deployment, sessionId }))
  tokens.set(sessionId, token)
  return token
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

async function fetchPay(shop: Shop, sessions: readonly Seen[]): Promise<void> {
  const { client, deployment, log, sender } = shop
  const ids = sessions.map(({ sessionId }) => sessionId)
  const contract = { abi: ComputeRentalAbi, address: deployment.computeRental }
  await sender.write({ ...contract, args: [ids], functionName: 'collect' })
  const payments = sessions.map(async ({ matured: amount, sessionId }) => ({
    amount,
    token: await tokenOf(shop, sessionId),
  }))
  log.info('pay collected', {
    amount: await sumsIn(client, await Promise.all(payments)),
    sessionIds: ids,
  })
}
