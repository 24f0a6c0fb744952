import { ContractRevertedError, Disputes, Rental } from '@jejunetwork/sdk'
import type { Address } from 'viem'
import { amountsIn } from '../../money.ts'
import { approvalFor } from '../approvalFor.ts'
import { connect, type Market } from '../connect.ts'
import type { Run } from '../context.ts'
import { UsageError } from '../errors.ts'
import { time, whole } from '../input.ts'
import { unlock, walletOn, whose } from '../keys.ts'
import { facts, table } from '../output.ts'

export const sessions: Run = async ({ config, output }, { options }) => {
  const market = await connect(config)
  const { client, deployment } = market
  const { address: renter } = await whose(config, { market, role: 'user' })
  const limit = whole('--limit', options['limit'] ?? '20')
  const readAll = async () => {
    const { sessionIds } = await Rental.list(client, { deployment, limit, renter })
    return Promise.all(sessionIds.map((sessionId) => read(market, sessionId)))
  }
  const found = await output.during('Reading your rentals', readAll())
  if (found.length === 0) return { data: found, text: `${renter} has rented nothing yet.` }

  const rows = found.map(async (session) => [
    String(session.sessionId),
    session.status,
    String(session.providerId),
    time(session.startTime),
    time(session.endTime),
    (await amountsIn(client, session.token))(session.deposit),
  ])
  return {
    data: found,
    text: table(['ID', 'STATUS', 'PROVIDER', 'START', 'END', 'DEPOSIT'], await Promise.all(rows)),
  }
}

export const extend: Run = async ({ config, output }, { args }) => {
  const sessionId = whole('The session', args[0])
  const hours = whole('The number of hours', args[1])
  const market = await connect(config)
  const session = await sessionOf(market, sessionId)
  const { pricePerHour, status, token } = session
  if (status !== 'running')
    throw new UsageError(`Session ${sessionId} is ${status}; only a running one can be extended.`)
  const { account } = await unlock(config, { market, role: 'user' })
  requireRenter(session, account)
  const amount = await amountsIn(market.client, token)
  const price = pricePerHour * hours
  const payment = { account: account.address, amount: price, deployment: market.deployment, token }
  const needed = await Rental.fromWallet(market.client, payment)
  const approval = await approvalFor(market, { amount, needed, owner: account.address, token })
  if (!market.isLocal)
    await output.confirm(`${approval}Extend session ${sessionId} by ${hours} h for ${amount(price)}?`)
  else if (approval) output.say(`${approval}${hours} h more of session ${sessionId} cost ${amount(price)}.`)

  const wallet = walletOn(market, account)
  const extended = Rental.extend(wallet, { deployment: market.deployment, hours, sessionId })
  const { endTime, hash, paid } = await output.during('Extending', extended)
  return {
    data: { endTime, hash, paid, sessionId },
    text: facts({ paid: amount(paid), ends: time(endTime), transaction: hash }),
  }
}

export const terminate: Run = async ({ config, output }, { args }) => {
  const sessionId = whole('The session', args[0])
  const market = await connect(config)
  const session = await sessionOf(market, sessionId)
  const { status, token } = session
  if (status !== 'running' && status !== 'pending')
    throw new UsageError(`Session ${sessionId} is ${status}; there is nothing to end.`)
  const { account } = await unlock(config, { market, role: 'user' })
  if (!market.isLocal)
    await output.confirm(
      `End session ${sessionId}? Its machine goes, with all that is on it; unused seconds are refunded.`,
    )
  const { deployment } = market
  const ended = Rental.terminate(walletOn(market, account), { deployment, sessionId }).catch(
    (error: unknown) => {
      if (error instanceof ContractRevertedError && error.errorName === 'NotParty')
        requireRenter(session, account)
      throw error
    },
  )
  const { earned, hash, refund } = await output.during('Ending the session', ended)
  const amount = await amountsIn(market.client, token)
  return {
    data: { earned, hash, refund, sessionId },
    text: facts({
      'the provider earned': amount(earned),
      'refunded to you': amount(refund),
      transaction: hash,
    }),
  }
}

/** That the wallet rented this session; else whose it is. */
export function requireRenter({ renter, sessionId }: SeenSession, { address }: { address: Address }): void {
  if (address !== renter)
    throw new UsageError(`Session ${sessionId} is of ${renter}; this wallet is ${address}.`)
}

/** The session with this id, or a sentence that helps. */
export async function sessionOf(market: Market, sessionId: bigint): Promise<SeenSession> {
  const { client, deployment } = market
  if ((await Rental.statusOf(client, { deployment, sessionId })) === 'none')
    throw new UsageError(`There is no session ${sessionId}; \`jeju-compute sessions\` lists yours.`)
  return read(market, sessionId)
}

/** A session as its renter sees it: what it is paid in, and that it is before the guardians while they vote. */
export type SeenSession = Omit<Rental.Session, 'status'> & {
  status: Rental.Status | 'disputed'
  token: Address
}

async function read({ client, deployment }: Market, sessionId: bigint): Promise<SeenSession> {
  const [session, token, dispute] = await Promise.all([
    Rental.get(client, { deployment, sessionId }),
    Rental.tokenOf(client, { deployment, sessionId }),
    Disputes.get(client, { deployment, sessionId }),
  ])
  const isOpen = dispute !== undefined && !dispute.resolved
  return { ...session, status: isOpen ? 'disputed' : session.status, token }
}
