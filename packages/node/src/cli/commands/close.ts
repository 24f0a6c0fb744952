import { askToClose, Inference, OverchargedError } from '@jejunetwork/sdk'
import { eth } from '../../money.ts'
import { baseUrl } from '../../proxy/baseUrl.ts'
import { connect } from '../connect.ts'
import type { Run } from '../context.ts'
import { UsageError } from '../errors.ts'
import { time, whole } from '../input.ts'
import { unlock, walletOn } from '../keys.ts'
import { facts } from '../output.ts'
import { providerOf } from '../providerOf.ts'
import { sessionKey } from '../sessionKey.ts'

/** Closes a channel at once if the provider agrees; else asks the contract, which leaves the provider time to settle. */
export const close: Run = async ({ config, output }, { args }) => {
  const providerId = whole('The provider', args[0])
  const market = await connect(config)
  const { client, deployment } = market
  const { account } = await unlock(config, { market, role: 'user' })
  const session = sessionKey(config, { chainId: deployment.chainId, owner: account.address })
  const { endpoint, owner: provider } = await providerOf(market, providerId)
  const payee = {
    chainId: deployment.chainId,
    contract: deployment.inferenceServing,
    provider,
    token: Inference.ETHER,
  }
  const channel = { deployment, provider, signer: session.address }
  const { claimed, closeAt, deposit } = await Inference.channelOf(client, channel)
  if (deposit === claimed) throw new UsageError(`There is no money in a channel with provider ${providerId}.`)

  const wallet = walletOn(market, account)
  const { timestamp } = await client.getBlock()
  if (closeAt !== 0 && timestamp >= closeAt) {
    const { hash, refund } = await output.during('Closing', Inference.finalizeClose(wallet, channel))
    return { data: { hash, refund }, text: facts({ 'free again': eth(refund), transaction: hash }) }
  }
  const url = baseUrl(endpoint, deployment)
  const asked = url === undefined ? undefined : askToClose({ payee, session, settled: claimed, url })
  const agreement = await asked?.catch((error: unknown) => {
    if (error instanceof OverchargedError) output.say(error.message)
    return undefined
  })
  if (agreement) {
    const closed = Inference.closeChannel(wallet, { ...channel, ...agreement })
    const { hash, paid, refund } = await output.during('Closing', closed)
    return {
      data: { hash, paid, refund },
      text: facts({ 'paid at the end': eth(paid), 'free again': eth(refund), transaction: hash }),
    }
  }
  if (closeAt !== 0) throw new UsageError(`It closes by itself; call again after ${time(BigInt(closeAt))}.`)
  const { hash } = await output.during('Asking for the close', Inference.requestClose(wallet, channel))
  const { closeAt: at } = await Inference.channelOf(client, channel)
  return {
    data: { closeAt: at, hash },
    text: facts({ 'the provider did not agree': `call again after ${time(BigInt(at))}`, transaction: hash }),
  }
}
