import { connect } from '../connect.ts'
import type { Run } from '../context.ts'
import { newKeystore, whose } from '../keys.ts'

export const newWallet: Run = async ({ config, output }) => {
  const { address } = await newKeystore(config)
  output.say(`Keep ${config.keystore} and its password: nobody else can bring them back.`)
  return { data: { address, keystore: config.keystore }, text: address }
}

export const address: Run = async ({ config, output }) => {
  const { address, from } = await whose(config, { market: await connect(config), role: 'user' })
  output.say(`From ${from}.`)
  return { data: { address, from }, text: address }
}
