import { Inference, Ledger, Registry, Staking } from '@jejunetwork/sdk'
import type { Address } from 'viem'
import { eth } from '../../money.ts'
import { connect, type Market } from '../connect.ts'
import type { Run } from '../context.ts'
import { UsageError } from '../errors.ts'
import { ether } from '../input.ts'
import { unlock, walletOn, whose } from '../keys.ts'
import { facts } from '../output.ts'

export const balance: Run = async ({ config, output }) => {
  const market = await connect(config)
  const { address } = await whose(config, { market, role: 'user' })
  const { client, deployment } = market
  const of = { account: address, deployment }
  const read = Promise.all([
    client.getBalance({ address }),
    Ledger.balanceOf(client, of),
    Inference.balanceOf(client, of),
    openChannels(market, address),
    Inference.usageOf(client, of),
    Staking.get(client, of),
  ])
  const [wallet, ledger, inference, channels, usage, { staked }] = await output.during(
    'Reading balances',
    read,
  )
  const inChannels = channels.map(({ left, providerId, provider }) => [
    `channel with ${providerId === undefined ? provider : `provider ${providerId}`}`,
    `${eth(left)}, less what is not settled yet`,
  ])
  return {
    data: { address, wallet, ledger, inference, channels, usage, staked },
    text: facts({
      address,
      'in the wallet': eth(wallet),
      'in the ledger': eth(ledger),
      'free for inference': eth(inference),
      ...Object.fromEntries(inChannels),
      'spent on inference': `${eth(usage.cost)} for ${usage.tokens} tokens`,
      'at stake': eth(staked),
    }),
  }
}

type OpenChannel = { provider: Address; providerId: bigint | undefined; left: bigint }

/** What is still in channels, by provider. */
async function openChannels({ client, deployment }: Market, account: Address): Promise<OpenChannel[]> {
  const left = new Map<Address, bigint>()
  for await (const { claimed, deposit, provider } of Inference.channelsOf(client, { account, deployment }))
    if (deposit > claimed) left.set(provider, (left.get(provider) ?? 0n) + deposit - claimed)
  const channels = [...left].map(async ([provider, amount]) => ({
    left: amount,
    provider,
    providerId: await Registry.idOf(client, { deployment, owner: provider }),
  }))
  return Promise.all(channels)
}

export const deposit: Run = async ({ config, output }, { args }) => {
  const amount = ether('The deposit', args[0])
  if (amount === 0n) throw new UsageError('The deposit is an amount above 0.')
  const market = await connect(config)
  const { account, from } = await unlock(config, { market, role: 'user' })
  if (!market.isLocal) await output.confirm(`Move ${eth(amount)} from ${from} to the ledger?`)
  const sent = Ledger.deposit(walletOn(market, account), { amount, deployment: market.deployment })
  const { hash } = await output.during('Depositing', sent)
  return { data: { amount, hash }, text: facts({ deposited: eth(amount), transaction: hash }) }
}

export const withdraw: Run = async ({ config, output }, { args, options }) => {
  const wanted = args[0] === 'all' ? undefined : ether('The amount', args[0])
  const market = await connect(config)
  const { client, deployment } = market
  const { account } = await unlock(config, { market, role: 'user' })
  const [from, place] = options['inference'] ? [Inference, 'free for inference'] : [Ledger, 'in the ledger']
  const held = await from.balanceOf(client, { account: account.address, deployment })
  const amount = wanted ?? held
  if (held === 0n)
    throw new UsageError(`Nothing is ${place}; \`jeju-compute ledger balance\` shows where money is.`)
  if (amount > held) throw new UsageError(`${eth(held)} is ${place}; ${eth(amount)} cannot be withdrawn.`)
  const sent = from.withdraw(walletOn(market, account), { amount, deployment })
  const { hash } = await output.during('Withdrawing', sent)
  return { data: { amount, hash }, text: facts({ withdrawn: eth(amount), transaction: hash }) }
}
