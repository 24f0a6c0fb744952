import { Inference, Ledger, Staking } from '@jejunetwork/sdk'
import { connect } from '../connect.ts'
import type { Run } from '../context.ts'
import { eth, ether } from '../input.ts'
import { unlock, walletOn } from '../keys.ts'
import { facts } from '../output.ts'

export const balance: Run = async ({ config, output }) => {
  const market = await connect(config)
  const { account } = await unlock(config, { market, role: 'user' })
  const { address } = account
  const { client, deployment } = market
  const of = { account: address, deployment }
  const read = Promise.all([
    client.getBalance({ address }),
    Ledger.balanceOf(client, of),
    Inference.balanceOf(client, of),
    Inference.usageOf(client, of),
    Staking.get(client, of),
  ])
  const [wallet, ledger, inference, usage, { staked }] = await output.during('Reading balances', read)
  return {
    data: { address, wallet, ledger, inference, usage, staked },
    text: facts({
      address,
      'in the wallet': eth(wallet),
      'in the ledger': eth(ledger),
      'free for inference': eth(inference),
      'spent on inference': `${eth(usage.cost)} for ${usage.tokens} tokens`,
      'at stake': eth(staked),
    }),
  }
}

export const deposit: Run = async ({ config, output }, { args }) => {
  const amount = ether('The deposit', args[0])
  const market = await connect(config)
  const { account, from } = await unlock(config, { market, role: 'user' })
  if (!market.isLocal) await output.confirm(`Move ${eth(amount)} from ${from} to the ledger?`)
  const sent = Ledger.deposit(walletOn(market, account), { amount, deployment: market.deployment })
  const { hash } = await output.during('Depositing', sent)
  return { data: { amount, hash }, text: facts({ deposited: eth(amount), transaction: hash }) }
}

export const withdraw: Run = async ({ config, output }, { args, options }) => {
  const amount = ether('The amount', args[0])
  const market = await connect(config)
  const { account } = await unlock(config, { market, role: 'user' })
  const from = options['inference'] ? Inference : Ledger
  const sent = from.withdraw(walletOn(market, account), { amount, deployment: market.deployment })
  const { hash } = await output.during('Withdrawing', sent)
  return { data: { amount, hash }, text: facts({ withdrawn: eth(amount), transaction: hash }) }
}
