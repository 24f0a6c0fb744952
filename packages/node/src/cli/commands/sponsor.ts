import { Trigger } from '@jejunetwork/sdk'
import { type Hash, parseGwei } from 'viem'
import { eth } from '../../money.ts'
import { connect, type Market } from '../connect.ts'
import type { Run } from '../context.ts'
import { UsageError } from '../errors.ts'
import { ether, time, whole } from '../input.ts'
import { unlock, walletOn } from '../keys.ts'
import { facts } from '../output.ts'
import { triggerOf } from './triggerOf.ts'

const DAY = 86_400n

export const fund: Run = async ({ config, output }, { args, options }) => {
  const amount = ether('The amount', args[1])
  if (amount === 0n) throw new UsageError('The amount is above 0.')
  const market = await connect(config)
  const { triggerId } = await triggerOf(market, args[0])
  const { account } = await unlock(config, { market, role: 'user' })
  if (!market.isLocal) await output.confirm(`Pay ${eth(amount)} for executions of trigger ${triggerId}?`)
  const { hash } = await output.during(
    'Funding',
    sponsor({ account, market }, { amount, options, triggerId }),
  )
  const { sponsor: payer } = await Trigger.get(market.client, { deployment: market.deployment, triggerId })
  return {
    data: { amount, balance: payer?.balance, hash, triggerId },
    text: facts({ funded: eth(amount), balance: payer && eth(payer.balance), transaction: hash }),
  }
}

/** Gives notice, and from ten minutes later on takes the balance. */
export const withdraw: Run = async ({ config, output }, { args }) => {
  const market = await connect(config)
  const { client, deployment } = market
  const { sponsor: payer, triggerId } = await triggerOf(market, args[0])
  const { account } = await unlock(config, { market, role: 'user' })
  if (payer?.account !== account.address) {
    const who = payer === undefined ? 'nobody' : payer.account
    throw new UsageError(`Trigger ${triggerId} is sponsored by ${who}; only its sponsor takes the balance.`)
  }
  const wallet = walletOn(market, account)
  const own = { deployment, triggerId }
  const { timestamp } = await client.getBlock({ blockTag: 'pending' })
  const { withdrawableAt } = payer
  if (withdrawableAt !== undefined && timestamp >= withdrawableAt) {
    const { hash, refund } = await output.during('Withdrawing', Trigger.withdraw(wallet, own))
    const text = facts({ withdrawn: `${eth(refund)}, to ${account.address}`, transaction: hash })
    return { data: { hash, refund, triggerId }, text }
  }
  if (withdrawableAt === undefined && !market.isLocal)
    await output.confirm(
      `Stop paying for trigger ${triggerId}, and take ${eth(payer.balance)} back in ten minutes?`,
    )
  const notice = withdrawableAt === undefined ? Trigger.requestWithdraw(wallet, own) : undefined
  const hash = notice && (await output.during('Giving notice', notice)).hash
  const from = withdrawableAt ?? (await Trigger.get(client, own)).sponsor?.withdrawableAt
  return {
    data: { hash, triggerId, withdrawableAt: from },
    text: facts({
      balance: `${eth(payer.balance)}, less what runs until then`,
      'yours from': `${from === undefined ? 'soon' : time(from)} on, by the same command`,
      transaction: hash,
    }),
  }
}

type Payer = { account: Parameters<typeof walletOn>[1]; market: Market }
type Payment = { amount: bigint; triggerId: bigint; options: Readonly<Record<string, unknown>> }

/** Adds to what the wallet sponsors already, on the same terms; else takes the sponsor's place. */
export async function sponsor(
  { account, market }: Payer,
  { amount, options, triggerId }: Payment,
): Promise<{ hash: Hash }> {
  const { client, deployment } = market
  const wallet = walletOn(market, account)
  const { sponsor: payer } = await Trigger.get(client, { deployment, triggerId })
  const isMine = payer?.account === account.address
  const newTerms = options['days'] !== undefined || options['maxGasPrice'] !== undefined
  if (isMine && !newTerms && payer.balance + amount <= payer.perPeriod)
    return Trigger.fund(wallet, { amount, deployment, triggerId })

  const { timestamp } = await client.getBlock()
  const days = whole('--days', options['days'] ?? '365')
  const price = String(options['maxGasPrice'] ?? '100')
  if (!/^\d+(\.\d{1,9})?$/.test(price))
    throw new UsageError('--max-gas-price is a number of gwei such as 30.')
  return Trigger.sponsor(wallet, {
    deployment,
    expiry: timestamp + days * DAY,
    maxGasPrice: isMine && options['maxGasPrice'] === undefined ? payer.maxGasPrice : parseGwei(price),
    perPeriod: amount + (isMine ? payer.balance : 0n),
    triggerId,
    value: amount,
  })
}
