import { ComputeRentalAbi, ContractRevertedError, Rental } from '@jejunetwork/sdk'
import { readContract } from 'viem/actions'
import type { Desk, Now } from './Desk.ts'

/** A provider closes its own sessions at their end; the keeper comes after it, for those whose provider is gone. */
const GRACE_SECONDS = 120n
const PAGE = 50
/** Another keeper is at it; it may die before it is done. */
const RETRY_SECONDS = 30n

/** Cancels sessions that were never activated and terminates those whose time ran out, as anyone may. Nobody repays it. */
export async function closeSessions(desk: Desk, now: Now): Promise<void> {
  const { client, deployment, known, sessions } = desk
  const contract = { abi: ComputeRentalAbi, address: deployment.computeRental } as const
  const count = await readContract(client, { ...contract, functionName: 'sessionCount' })
  if (count < known.sessions) known.sessions = 0n
  for (let id = known.sessions + 1n; id <= count; id++) sessions.set(id, 0n)
  known.sessions = count

  const ids = sessions.take(now.time)
  for (let at = 0; at < ids.length; at += PAGE) {
    const page = ids.slice(at, at + PAGE)
    try {
      const found = await Promise.all(page.map((sessionId) => Rental.get(client, { deployment, sessionId })))
      for (const session of found) await close(desk, { now, session })
    } catch (error) {
      for (const id of ids.slice(at)) sessions.set(id, now.time)
      throw error
    }
  }
}

async function close(desk: Desk, { now, session }: { now: Now; session: Rental.Session }): Promise<void> {
  const { sessions } = desk
  const { activateBy, endTime, sessionId, status } = session
  if (status === 'pending') {
    const isLate = now.time > activateBy
    if (isLate) await call(desk, { functionName: 'cancelSession', sessionId })
    sessions.set(sessionId, 1n + (isLate ? now.time : activateBy))
  } else if (status === 'running') sessions.set(sessionId, endTime + GRACE_SECONDS)
  else if (status === 'ended') {
    // Ended by its time, or by a call already: then this is refused, which costs nothing.
    if (now.time >= endTime + GRACE_SECONDS) {
      const isOver = await call(desk, { functionName: 'terminateSession', sessionId })
      if (!isOver) sessions.set(sessionId, now.time + RETRY_SECONDS)
    } else sessions.set(sessionId, endTime + GRACE_SECONDS)
  }
}

/** False if another keeper is at it. */
async function call(
  { deployment, leaseMs, log, sender, store }: Desk,
  { functionName, sessionId }: { functionName: 'cancelSession' | 'terminateSession'; sessionId: bigint },
): Promise<boolean> {
  const contract = { abi: ComputeRentalAbi, address: deployment.computeRental }
  const work = `session ${sessionId}`
  try {
    const receipt = await sender.writeWhenFree(async () => {
      const mine = await store.leases.take([work], { holder: sender.address, leaseMs })
      return mine.has(work) ? { ...contract, args: [sessionId], functionName } : undefined
    })
    if (receipt === undefined) return false
    log.info(functionName === 'cancelSession' ? 'session cancelled' : 'session closed', { sessionId })
  } catch (error) {
    if (!(error instanceof ContractRevertedError)) throw error
  }
  return true
}
