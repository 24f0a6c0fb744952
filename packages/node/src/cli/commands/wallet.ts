import { eth } from '../../money.ts'
import { connect } from '../connect.ts'
import type { Run } from '../context.ts'
import { UsageError } from '../errors.ts'
import { ether } from '../input.ts'
import { developmentAccount, newKeystore, walletOn, whose } from '../keys.ts'
import { facts } from '../output.ts'

export const newWallet: Run = async ({ config, output }) => {
  const { address } = await newKeystore(config)
  output.say(`Keep ${config.keystore} and its password: nobody else can bring them back.`)
  output.say('It holds no ETH yet: send it some, or on the local chain `jeju-compute wallet fund`.')
  return { data: { address, keystore: config.keystore }, text: address }
}

export const address: Run = async ({ config, output }) => {
  const { address, from } = await whose(config, { market: await connect(config), role: 'user' })
  output.say(`From ${from}.`)
  return { data: { address, from }, text: address }
}

/** Play money, from one of the accounts that the local chain is born with. */
export const fund: Run = async ({ config, output }, { args }) => {
  const amount = ether('The amount', args[0] ?? '10')
  const market = await connect(config)
  const { address } = await whose(config, { market, role: 'user' })
  if (!market.isLocal)
    throw new UsageError(`Only the local chain gives money away; send ETH to ${address} on this one.`)
  const bank = walletOn(market, developmentAccount('bank'))
  const hash = await output.during('Sending', bank.sendTransaction({ to: address, value: amount }))
  await market.client.waitForTransactionReceipt({ hash })
  const balance = await market.client.getBalance({ address })
  return {
    data: { address, amount, balance, hash },
    text: facts({ address, received: eth(amount), holds: eth(balance) }),
  }
}
