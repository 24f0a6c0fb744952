import { ComputeRentalAbi, ContractRevertedError } from '@jejunetwork/sdk'
import type { Seen, Shop } from './Shop.ts'
import { parsePublicKey } from './ssh/keys.ts'

/** So often a machine is tried before its session is declined. */
const MOST_TRIES = 3
const LONGEST_REASON = 256

/** Brings one open session a step on: declines it, or gives it its machine and starts its time. */
export async function serve(shop: Shop, session: Seen): Promise<void> {
  const { log, runtime, signal, tries } = shop
  const { sessionId, status, tenant } = session
  const refusal = status === 'pending' ? reasonAgainst(shop, session) : undefined
  if (refusal !== undefined) return decline(shop, { reason: refusal, session })

  const start = Date.now()
  try {
    await runtime.create({ sessionId, tenant }, { signal })
    tries.delete(sessionId)
  } catch (error) {
    signal.throwIfAborted()
    const count = (tries.get(sessionId) ?? 0) + 1
    tries.set(sessionId, count)
    if (status !== 'pending' || count < MOST_TRIES) throw error
    log.error('machine could not be made', { error, sessionId })
    return decline(shop, { reason: 'the provider could not make a machine', session })
  }
  const isNew = status === 'pending'
  if (isNew && !(await activate(shop, session))) return
  log.info(isNew ? 'session started' : 'machine made again', { ms: Date.now() - start, sessionId })
}

function reasonAgainst({ takePlace }: Shop, { sessionId, sshPublicKey }: Seen): string | undefined {
  const parsed = parsePublicKey(sshPublicKey)
  if ('reason' in parsed) return parsed.reason
  return takePlace(sessionId) ? undefined : 'the provider is full: all its machines are rented'
}

async function activate(shop: Shop, { sessionId }: Seen): Promise<boolean> {
  return once(shop, { args: [sessionId, shop.accessHash], functionName: 'activateSession' })
}

async function decline(shop: Shop, { reason, session }: { reason: string; session: Seen }): Promise<void> {
  const { log, rows } = shop
  const { sessionId } = session
  const short = reason.slice(0, LONGEST_REASON)
  const row = rows.get(sessionId)
  if (row !== undefined) rows.put({ ...row, reason: short })
  if (await once(shop, { args: [sessionId, short], functionName: 'declineSession' })) {
    log.info('session declined', { reason: short, sessionId })
  }
}

/** False: the session had moved on, by an earlier life of this node or by its renter. The next pass sees how. */
async function once(
  { deployment, log, sender }: Shop,
  call: { functionName: string; args: readonly unknown[] },
): Promise<boolean> {
  try {
    await sender.write({ abi: ComputeRentalAbi, address: deployment.computeRental, ...call })
    return true
  } catch (error) {
    const late = ['SessionNotActive', 'TooLateToActivate', 'SessionUnknown']
    if (!(error instanceof ContractRevertedError) || !late.includes(error.errorName ?? '')) throw error
    log.info('session had moved on', { call: call.functionName, error, sessionId: call.args[0] })
    return false
  }
}
