import { Disputes, Rental, Staking } from '@jejunetwork/sdk'
import { parseEther } from 'viem'
import { amountsIn, eth } from '../../money.ts'
import { approvalFor } from '../approvalFor.ts'
import { connect, type Market } from '../connect.ts'
import type { Context, Run } from '../context.ts'
import { UsageError } from '../errors.ts'
import { whole } from '../input.ts'
import { unlock, walletOn } from '../keys.ts'
import { facts } from '../output.ts'
import { requireRenter, type SeenSession, sessionOf } from './sessions.ts'

const USER_STAKE = parseEther('0.01')

/** Ends a rental and has the guardians decide who gets what it earned in its last hour. */
export const dispute: Run = async (context, { args }) => {
  const { output } = context
  const sessionId = whole('The session', args[0])
  const { deployment, market, session, wallet } = await asRenter(context, sessionId)
  const { client } = market
  if (session.status === 'disputed')
    throw new UsageError(
      `Session ${sessionId} is before the guardians already; \`jeju-compute guardian cases\` shows the votes.`,
    )
  const quote = await Rental.quoteDispute(client, { deployment, sessionId })
  const { bond, held, most, token } = quote
  await requireDisputable(market, { held, sessionId })
  const amount = await amountsIn(client, token)
  const owner = wallet.account.address
  const approval = await approvalFor(market, { amount, needed: quote.fromWallet, owner, token })
  if (market.isLocal) output.say(`${approval}Giving a bond of ${amount(bond)}.`)
  else
    await output.confirm(
      `${approval}Dispute ${amount(held)} of session ${sessionId}, with a bond of ${amount(bond)} that is lost unless guardians agree or do not vote?`,
    )
  const disputed = await output.during('Disputing', Rental.dispute(wallet, { deployment, most, sessionId }))
  return {
    data: { ...disputed, sessionId },
    text: facts({
      'before the guardians': amount(disputed.held),
      'your bond': amount(disputed.bond),
      'refunded to you': amount(disputed.refund),
      'decided in': 'three days, then `jeju-compute guardian resolve` by anyone',
      transaction: disputed.hash,
    }),
  }
}

/** Whether there is something to decide, and somebody to decide it: told before any money moves. */
async function requireDisputable(
  { client, deployment }: Market,
  { held, sessionId }: { held: bigint; sessionId: bigint },
): Promise<void> {
  if (held === 0n)
    throw new UsageError(
      `Session ${sessionId} has no pay to dispute; only what was earned less than an hour ago can be.`,
    )
  const { length } = await Disputes.electorate(client, { deployment, sessionId })
  if (length < Disputes.QUORUM)
    throw new UsageError(
      `Nobody could decide about session ${sessionId}, and nothing was paid: a dispute takes ${Disputes.QUORUM} guardians of seven days or more who are neither renter nor provider, and this market has ${length}; \`jeju-compute guardian join\` makes one.`,
    )
}

/** Rates the provider of a rental, and stakes what that takes. */
export const rate: Run = async (context, { args }) => {
  const { output } = context
  const sessionId = whole('The session', args[0])
  const score = Number(args[1])
  if (![1, 2, 3, 4, 5].includes(score))
    throw new UsageError(`The score is 1 to 5, 5 being best; it was ${JSON.stringify(args[1] ?? '')}.`)
  const { deployment, market, session, wallet } = await asRenter(context, sessionId)
  const account = wallet.account.address
  const missing = await Staking.missing(market.client, { account, deployment, needed: USER_STAKE })
  if (missing > 0n && !market.isLocal)
    await output.confirm(`Stake ${eth(missing)}, which keeps ratings honest, to rate?`)
  if (missing > 0n) await output.during('Staking', Staking.stake(wallet, { amount: missing, deployment }))
  const { hash } = await output.during('Rating', Rental.rate(wallet, { deployment, score, sessionId }))
  const staking =
    missing > 0n ? ` ${eth(missing)} is at stake; \`jeju-compute ledger unstake\` takes it back.` : ''
  return {
    data: { hash, providerId: session.providerId, score, sessionId, staked: missing },
    text: `Provider ${session.providerId} has ${score} of 5 from you.${staking}`,
  }
}

type Rented = { deployment: Market['deployment']; market: Market; session: SeenSession; wallet: Wallet }
type Wallet = ReturnType<typeof walletOn>

/** A session that ran, and the wallet of its renter. */
async function asRenter({ config }: Context, sessionId: bigint): Promise<Rented> {
  const market = await connect(config)
  const session = await sessionOf(market, sessionId)
  const { status } = session
  const { account } = await unlock(config, { market, role: 'user' })
  requireRenter(session, account)
  if (status !== 'running' && status !== 'ended' && status !== 'disputed')
    throw new UsageError(`Session ${sessionId} is ${status}; only one that runs or ran is judged.`)
  return { deployment: market.deployment, market, session, wallet: walletOn(market, account) }
}
