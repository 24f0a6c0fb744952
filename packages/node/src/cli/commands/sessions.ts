import { Rental } from '@jejunetwork/sdk'
import { connect, type Market } from '../connect.ts'
import type { Run } from '../context.ts'
import { UsageError } from '../errors.ts'
import { eth, time, whole } from '../input.ts'
import { unlock, walletOn, whose } from '../keys.ts'
import { facts, table } from '../output.ts'

export const sessions: Run = async ({ config, output }, { options }) => {
  const market = await connect(config)
  const { client, deployment } = market
  const { address: renter } = await whose(config, { market, role: 'user' })
  const limit = whole('--limit', options['limit'] ?? '20')
  const read = async () => {
    const { sessionIds } = await Rental.list(client, { deployment, limit, renter })
    return Promise.all(sessionIds.map((sessionId) => Rental.get(client, { deployment, sessionId })))
  }
  const found = await output.during('Reading your rentals', read())
  if (found.length === 0) return { data: found, text: `${renter} has rented nothing yet.` }

  const rows = found.map((session) => [
    String(session.sessionId),
    session.status,
    String(session.providerId),
    time(session.startTime),
    time(session.endTime),
    eth(session.deposit),
  ])
  return { data: found, text: table(['ID', 'STATUS', 'PROVIDER', 'START', 'END', 'DEPOSIT'], rows) }
}

export const extend: Run = async ({ config, output }, { args }) => {
  const sessionId = whole('The session', args[0])
  const hours = whole('The number of hours', args[1])
  const market = await connect(config)
  const { pricePerHour, status } = await sessionOf(market, sessionId)
  if (status !== 'running')
    throw new UsageError(`Session ${sessionId} is ${status}; only a running one can be extended.`)
  const { account } = await unlock(config, { market, role: 'user' })
  if (!market.isLocal)
    await output.confirm(`${hours} more hours of session ${sessionId} cost ${eth(pricePerHour * hours)}.`)

  const wallet = walletOn(market, account)
  const extended = Rental.extend(wallet, { deployment: market.deployment, hours, sessionId })
  const { endTime, hash, paid } = await output.during('Extending', extended)
  return {
    data: { endTime, hash, paid, sessionId },
    text: facts({ paid: eth(paid), ends: time(endTime), transaction: hash }),
  }
}

export const terminate: Run = async ({ config, output }, { args }) => {
  const sessionId = whole('The session', args[0])
  const market = await connect(config)
  const { status } = await sessionOf(market, sessionId)
  if (status !== 'running' && status !== 'pending')
    throw new UsageError(`Session ${sessionId} is ${status}; there is nothing to end.`)
  const { account } = await unlock(config, { market, role: 'user' })
  const ended = Rental.terminate(walletOn(market, account), { deployment: market.deployment, sessionId })
  const { earned, hash, refund } = await output.during('Ending the session', ended)
  return {
    data: { earned, hash, refund, sessionId },
    text: facts({ 'the provider earned': eth(earned), 'refunded to you': eth(refund), transaction: hash }),
  }
}

/** The session with this id, or a sentence that helps. */
export async function sessionOf({ client, deployment }: Market, sessionId: bigint): Promise<Rental.Session> {
  if ((await Rental.statusOf(client, { deployment, sessionId })) === 'none')
    throw new UsageError(`There is no session ${sessionId}; \`jeju-compute sessions\` lists yours.`)
  return Rental.get(client, { deployment, sessionId })
}
