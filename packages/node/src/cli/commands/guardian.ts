import { ContractRevertedError, Disputes, Flags, Staking } from '@jejunetwork/sdk'
import { parseEther, zeroAddress } from 'viem'
import { amountsIn, eth } from '../../money.ts'
import { connect, type Market } from '../connect.ts'
import type { Context, Run } from '../context.ts'
import { UsageError } from '../errors.ts'
import { time, whole } from '../input.ts'
import { unlock, walletOn } from '../keys.ts'
import { type Result, table } from '../output.ts'
import { providerOf } from '../providerOf.ts'
import { requireNoRole } from '../requireNoRole.ts'

const GUARDIAN_STAKE = parseEther('1')
const MEANINGS: Readonly<Record<string, string>> = {
  NoShare: 'You have no share of it: you did not vote, it is not resolved, or you took it already.',
  NotEligible:
    'Only those decide who were guardians for seven days when the vote began, and are no side of what it is about.',
  NotOpen: 'Nothing is voted on about this session; `jeju-compute guardian cases` lists what is.',
  NoVote: 'Nothing is voted on about this provider; `jeju-compute guardian flag` begins a vote.',
}

/** Stakes what is missing and becomes a guardian. */
export const join: Run = async (context) => {
  const { output } = context
  const { wallet, ...market } = await open(context)
  const { deployment, isLocal } = market
  const account = wallet.account.address
  await requireNoRole(market, { account, role: 'guardian' })
  const missing = await Staking.missing(market.client, { account, deployment, needed: GUARDIAN_STAKE })
  if (missing > 0n && !isLocal) await output.confirm(`Stake ${eth(missing)} and become a guardian?`)
  if (missing > 0n) await output.during('Staking', Staking.stake(wallet, { amount: missing, deployment }))
  const { hash } = await output.during('Sending', Staking.becomeGuardian(wallet, { deployment }))
  return {
    data: { account, hash, staked: missing },
    text: `${account} is a guardian, and votes on what begins in seven days or later.`,
  }
}

export const resign: Run = async (context) => {
  const { deployment, wallet } = await open(context)
  const { hash } = await context.output.during('Sending', Staking.resignGuardian(wallet, { deployment }))
  const text = `${wallet.account.address} is no guardian; its stake leaves by \`jeju-compute guardian withdraw\`.`
  return { data: { account: wallet.account.address, hash }, text }
}

/** Disputed pay that guardians vote on. */
export const cases: Run = async ({ config, output }) => {
  const { client, deployment } = await connect(config)
  const open = await output.during('Reading disputes', Disputes.listOpen(client, { deployment }))
  if (open.length === 0) return { data: open, text: 'Nothing is disputed.' }
  const rows = open.map(async ({ against, endsAt, held, inFavour, providerId, sessionId, token }) => [
    String(sessionId),
    String(providerId),
    (await amountsIn(client, token))(held),
    `${against} against, ${inFavour} for the provider`,
    time(endsAt),
  ])
  const heads = ['SESSION', 'PROVIDER', 'PAY', 'VOTES', 'VOTING ENDS']
  return { data: open, text: table(heads, await Promise.all(rows)) }
}

export const vote: Run = async (context, { args }) => {
  const againstProvider = either('The vote', args[1], ['against', 'for'])
  const sessionId = whole('The session', args[0])
  const { client, deployment, wallet } = await open(context)
  const dispute = await Disputes.get(client, { deployment, sessionId })
  if (dispute === undefined)
    throw new UsageError(
      `Session ${sessionId} is not disputed; \`jeju-compute guardian cases\` lists what is.`,
    )
  const sent = Disputes.vote(wallet, { againstProvider, deployment, sessionId })
  return done(context, sent, {
    data: { againstProvider, sessionId },
    text: `You voted ${args[1]} provider ${dispute.providerId}; the vote ends ${time(dispute.endsAt)}.`,
  })
}

export const resolve: Run = async (context, { args }) => {
  const sessionId = whole('The session', args[0])
  const { deployment, wallet } = await open(context)
  const sent = Disputes.resolve(wallet, { deployment, sessionId })
  return done(context, sent, { data: { sessionId }, text: `The dispute about session ${sessionId} is over.` })
}

export const share: Run = async (context, { args }) => {
  const sessionId = whole('The session', args[0])
  const { client, deployment, wallet } = await open(context)
  const dispute = await Disputes.get(client, { deployment, sessionId })
  const amount = dispute?.share ?? 0n
  const paid = (await amountsIn(client, dispute?.token ?? zeroAddress))(amount)
  const sent = Disputes.takeShare(wallet, { deployment, sessionId })
  return done(context, sent, { data: { sessionId, share: amount }, text: `Your share, ${paid}, is paid.` })
}

/** Begins a vote on flagging a provider or, where it is flagged, on taking the flag away; shows what there is without a reason. */
export const flag: Run = async (context, { args }) => {
  const [given, ...words] = args
  const providerId = whole('The provider', given)
  const market = await connect(context.config)
  const { client, deployment } = market
  await providerOf(market, providerId)
  const now = await Flags.get(client, { deployment, providerId })
  if (words.length === 0) return { data: { providerId, ...now }, text: said(providerId, now) }
  const reason = words.join(' ')
  const { wallet } = await open(context)
  const sent = Flags.open(wallet, { deployment, providerId, reason })
  const what = now.reason === undefined ? 'flagging provider' : 'taking the flag from provider'
  return done(context, sent, {
    data: { flagging: now.reason === undefined, providerId, reason },
    text: `Guardians vote for three days on ${what} ${providerId}; you voted for it.`,
  })
}

export const flagVote: Run = async (context, { args }) => {
  const inFavour = either('The vote', args[1], ['yes', 'no'])
  const providerId = whole('The provider', args[0])
  const { deployment, wallet } = await open(context)
  const sent = Flags.vote(wallet, { deployment, inFavour, providerId })
  return done(context, sent, { data: { inFavour, providerId }, text: `You voted ${args[1]}.` })
}

export const flagResolve: Run = async (context, { args }) => {
  const providerId = whole('The provider', args[0])
  const { client, deployment, wallet } = await open(context)
  const sent = Flags.resolve(wallet, { deployment, providerId }).catch(inWords)
  const { hash } = await context.output.during('Sending', sent)
  const now = await Flags.get(client, { deployment, providerId })
  return { data: { hash, providerId, ...now }, text: said(providerId, now) }
}

type Opened = Market & { wallet: ReturnType<typeof walletOn> }

async function open({ config }: Context): Promise<Opened> {
  const market = await connect(config)
  const { account } = await unlock(config, { market, role: 'user' })
  return { ...market, wallet: walletOn(market, account) }
}

async function done(
  { output }: Context,
  sent: Promise<{ hash: string }>,
  { data, text }: { data: object; text: string },
): Promise<Result> {
  const { hash } = await output.during('Sending', sent.catch(inWords))
  return { data: { ...data, hash }, text }
}

/** What a refusal means to a guardian, where its name does not say. */
function inWords(error: unknown): never {
  const meaning = error instanceof ContractRevertedError && MEANINGS[error.errorName ?? '']
  throw meaning ? new UsageError(meaning, { cause: error }) : error
}

function said(providerId: bigint, { motion, reason }: Flags.get.Result): string {
  const flagged =
    reason === undefined
      ? `Provider ${providerId} is not flagged.`
      : `Provider ${providerId} is flagged: ${reason}.`
  if (motion === undefined) return flagged
  const { against, endsAt, flagging, inFavour } = motion
  const what = flagging ? 'flagging it' : 'taking the flag away'
  return `${flagged} Guardians vote on ${what} (${motion.reason}) until ${time(BigInt(endsAt))}: ${inFavour} for it, ${against} against.`
}

function either(what: string, given: string | undefined, [yes, no]: readonly [string, string]): boolean {
  if (given === yes || given === no) return given === yes
  throw new UsageError(`${what} is ${yes} or ${no}; it was ${JSON.stringify(given ?? '')}.`)
}
