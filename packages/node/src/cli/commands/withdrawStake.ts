import { Staking } from '@jejunetwork/sdk'
import { eth } from '../../money.ts'
import { connect } from '../connect.ts'
import type { Context, Role, Run } from '../context.ts'
import { TryLaterError, UsageError } from '../errors.ts'
import { ether, time } from '../input.ts'
import { unlock, walletOn } from '../keys.ts'
import type { Result } from '../output.ts'

export const WEEK = 'Stake leaves seven days after it was asked for; until then it can be slashed.'

export const withdrawAsProvider: Run = async (context, { args }) =>
  withdraw(context, { command: 'provider withdraw', given: args[0], role: 'provider' })

export const withdrawAsGuardian: Run = async (context, { args }) =>
  withdraw(context, { command: 'guardian withdraw', given: args[0], role: 'user' })

export const withdrawAsUser: Run = async (context, { args }) =>
  withdraw(context, { command: 'ledger unstake', given: args[0], role: 'user' })

/** Takes out stake that backs no role: asked for now, taken in seven days by the same command. */
async function withdraw(
  { config, output }: Context,
  { command, given, role }: { command: string; given: string | undefined; role: Role },
): Promise<Result> {
  const market = await connect(config)
  const { client, deployment, isLocal } = market
  const { account } = await unlock(config, { market, role })
  const wallet = walletOn(market, account)
  const { timestamp } = await client.getBlock()
  const { availableAt, pending, required, staked } = await Staking.get(client, {
    account: account.address,
    deployment,
  })
  const free = staked > required ? staked - required : 0n
  if (pending > 0n && given === undefined) {
    if (timestamp < availableAt) {
      const instead = `\`jeju-compute ${command} all\` asks for ${eth(free)} instead, with the seven days anew.`
      const more = free > pending ? ` ${instead}` : ''
      throw new TryLaterError(`${eth(pending)} can be taken from ${time(availableAt)} on. ${WEEK}${more}`)
    }
    const { hash } = await output.during('Withdrawing', Staking.completeUnstake(wallet, { deployment }))
    return { data: { hash, withdrawn: pending }, text: `${eth(pending)} went to ${account.address}.` }
  }

  const amount = given === undefined || given === 'all' ? free : ether('The stake', given)
  if (free === 0n)
    throw new UsageError(
      staked === 0n
        ? `${account.address} has no stake.`
        : `All ${eth(staked)} back a role; \`jeju-compute provider unregister\` frees a provider's, \`jeju-compute guardian resign\` a guardian's, \`jeju-compute attester resign\` an attester's.`,
    )
  if (amount > free || amount === 0n)
    throw new UsageError(`Up to ${eth(free)} of the stake can leave; ${eth(amount)} cannot.`)
  const again = pending > 0n ? ` instead of ${eth(pending)}, with the seven days anew` : ''
  if (!isLocal) await output.confirm(`Ask for ${eth(amount)} of the stake${again}? ${WEEK}`)
  const { hash } = await output.during('Asking', Staking.initiateUnstake(wallet, { amount, deployment }))
  const { availableAt: leavesAt } = await Staking.get(client, { account: account.address, deployment })
  return {
    data: { availableAt: leavesAt, hash, pending: amount },
    text: `${eth(amount)} can be taken from ${time(leavesAt)} on, by \`jeju-compute ${command}\`. ${WEEK}`,
  }
}
