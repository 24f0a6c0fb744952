import { Rental, Staking } from '@jejunetwork/sdk'
import { type Address, parseEther, zeroAddress } from 'viem'
import { connect, type Market } from '../connect.ts'
import type { Context, Run } from '../context.ts'
import { UsageError } from '../errors.ts'
import { eth, whole } from '../input.ts'
import { unlock, walletOn } from '../keys.ts'
import { facts } from '../output.ts'
import { sessionOf } from './sessions.ts'

const USER_STAKE = parseEther('0.01')

/** Ends a rental and has the guardians decide who gets what it earned in its last hour. */
export const dispute: Run = async (context, { args }) => {
  const { output } = context
  const sessionId = whole('The session', args[0])
  const { deployment, market, wallet } = await asRenter(context, sessionId)
  const { bond, held, token } = await Rental.quoteDispute(market.client, { deployment, sessionId })
  if (held === 0n)
    throw new UsageError(
      `Session ${sessionId} has no pay to dispute; only what was earned less than an hour ago can be.`,
    )
  const amount = inCurrency(token)
  if (!market.isLocal)
    await output.confirm(
      `Dispute ${amount(held)} of session ${sessionId}, with a bond of ${amount(bond)} that is lost unless guardians agree or do not vote?`,
    )
  const disputed = await output.during('Disputing', Rental.dispute(wallet, { deployment, sessionId }))
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

/** Rates the provider of a rental, and stakes what that takes. */
export const rate: Run = async (context, { args }) => {
  const { output } = context
  const sessionId = whole('The session', args[0])
  const score = Number(args[1])
  if (![1, 2, 3, 4, 5].includes(score))
    throw new UsageError(`The score is 1 to 5, 5 being best; it was ${JSON.stringify(args[1] ?? '')}.`)
  const { deployment, market, session, wallet } = await asRenter(context, sessionId)
  const account = wallet.account.address
  const { pending, required, staked } = await Staking.get(market.client, { account, deployment })
  const free = staked - required - pending
  const missing = free >= USER_STAKE ? 0n : USER_STAKE - free
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

type Rented = { deployment: Market['deployment']; market: Market; session: Rental.Session; wallet: Wallet }
type Wallet = ReturnType<typeof walletOn>

/** A session that ran, and the wallet of its renter. */
async function asRenter({ config }: Context, sessionId: bigint): Promise<Rented> {
  const market = await connect(config)
  const session = await sessionOf(market, sessionId)
  const { renter, status } = session
  const { account } = await unlock(config, { market, role: 'user' })
  if (account.address !== renter)
    throw new UsageError(`Session ${sessionId} is of ${renter}; this wallet is ${account.address}.`)
  if (status !== 'running' && status !== 'ended')
    throw new UsageError(`Session ${sessionId} is ${status}; only one that runs or ran is judged.`)
  return { deployment: market.deployment, market, session, wallet: walletOn(market, account) }
}

function inCurrency(token: Address): (amount: bigint) => string {
  return (amount) => (token === zeroAddress ? eth(amount) : `${amount} of ${token}`)
}
