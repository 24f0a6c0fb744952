import { setTimeout as wait } from 'node:timers/promises'
import { ComputeRentalAbi, type Registry, Rental, verifyProvider } from '@jejunetwork/sdk'
import { eth } from '../../money.ts'
import { providers as everyProvider } from '../../proxy/findProvider.ts'
import { attestedAs } from '../attestedAs.ts'
import { connect, type Market } from '../connect.ts'
import type { Context, Run } from '../context.ts'
import { type Demands, demandsOf, remember } from '../demands.ts'
import { TryLaterError, UsageError } from '../errors.ts'
import { time, whole } from '../input.ts'
import { isUp } from '../isUp.ts'
import { unlock, walletOn } from '../keys.ts'
import { facts } from '../output.ts'
import { providerOf } from '../providerOf.ts'
import { renterKey } from '../sshKey.ts'

const POLL_MS = 300

/** Rents a machine and waits until its provider lets the renter in. */
export const rent: Run = async (context, { args, options }) => {
  const { config, output } = context
  const hours = whole('--hours', options['hours'] ?? '1')
  const key = await renterKey(config, options['key'])
  const market = await connect(config)
  const { client, deployment, isLocal } = market
  const provider = await output.during('Asking the provider', choose(market, args[0]))
  const demands = demandsOf(options)
  await sayProven(context, market, { demands, provider })
  const { account, from } = await unlock(config, { market, role: 'user' })

  const cost = provider.pricePerHour * hours
  if (isLocal) output.say(`Paying ${eth(cost)} from ${from}.`)
  else await output.confirm(`Rent provider ${provider.providerId} for ${hours} h at ${eth(cost)}?`)
  const wallet = walletOn(market, account)
  const rented = Rental.create(wallet, {
    deployment,
    deposit: cost,
    hours,
    providerId: provider.providerId,
    sshPublicKey: key.publicKey,
  })
  const { deposit, hash, sessionId } = await output.during('Sending the payment', rented)
  if (demands) remember(config, { chainId: deployment.chainId, sessionId }, demands)
  output.say(`Session ${sessionId} is paid; the provider prepares the machine (${key.from}) …`)

  const session = await activated(context, { market, sessionId })
  if (session.status === 'declined') throw await declined(market, { sessionId, deposit })
  const { endTime, startTime } = await Rental.get(client, { deployment, sessionId })
  return {
    data: { sessionId, providerId: provider.providerId, deposit, hash, startTime, endTime },
    text: facts({
      session: String(sessionId),
      paid: `${eth(deposit)}, unused seconds are refunded`,
      ends: time(endTime),
      'log in': `jeju-compute ssh ${sessionId}`,
      'end it': `jeju-compute terminate ${sessionId}`,
    }),
  }
}

/** Before money moves: what is proven of the machine, and nothing more than that. */
async function sayProven(
  { config, output, signal }: Context,
  market: Market,
  { demands, provider }: { demands: Demands | undefined; provider: Registry.Provider },
): Promise<void> {
  const { providerId } = provider
  output.say(`Provider ${providerId} is ${await attestedAs(market, provider, { who: 'renter' })}.`)
  if (!demands) return
  const { client, deployment } = market
  const options = { ...demands, ...config.teeRoots, deployment, providerId, signal }
  const { checks } = await verifyProvider(client, options)
  const failed = checks.find(({ ok }) => !ok)
  if (failed)
    throw new UsageError(
      `Provider ${providerId} is not verified: ${failed.name} is ${failed.value}, and must be ${failed.bound}. Nothing was paid.`,
    )
}

async function choose(market: Market, given: string | undefined): Promise<Registry.Provider> {
  const { client, deployment } = market
  if (given === undefined) {
    const all = await Array.fromAsync(everyProvider(client, { deployment }))
    const active = all.filter((provider) => provider.active)
    for (const provider of active.sort((a, b) => (a.pricePerHour < b.pricePerHour ? -1 : 1)))
      if (await isUp(market, provider)) return provider
    if (active.length > 0) throw new TryLaterError('No provider answers now; nothing was paid.')
    throw new UsageError('Nobody offers a machine here; offer this one with `jeju-compute provider start`.')
  }
  const providerId = whole('The provider', given)
  const provider = await providerOf(market, providerId)
  if (!provider.active)
    throw new UsageError(
      `Provider ${providerId} takes no rentals now; \`jeju-compute providers\` lists those that do.`,
    )
  if (await isUp(market, provider)) return provider
  throw new TryLaterError(
    `Provider ${providerId} does not answer at ${provider.endpoint}, so nothing was paid; \`jeju-compute providers\` lists others.`,
  )
}

/** Waits until the session is no longer pending, at most as long as its provider may take. */
async function activated(
  { output, signal }: Context,
  { market, sessionId }: { market: Market; sessionId: bigint },
): Promise<Rental.Session> {
  const { client, deployment } = market
  for (;;) {
    const session = await Rental.get(client, { deployment, sessionId })
    if (session.status !== 'pending') return session
    const { timestamp } = await client.getBlock()
    if (timestamp > session.activateBy)
      throw new TryLaterError(
        `The provider did not answer in time; get ${eth(session.deposit)} back with \`jeju-compute terminate ${sessionId}\`.`,
      )
    await wait(POLL_MS, undefined, { signal }).catch((cause: unknown) => {
      output.say(`Session ${sessionId} goes on without you; \`jeju-compute terminate ${sessionId}\` ends it.`)
      throw cause
    })
  }
}

async function declined(
  { client, deployment }: Market,
  { sessionId, deposit }: { sessionId: bigint; deposit: bigint },
): Promise<Error> {
  const [event] = await client.getContractEvents({
    abi: ComputeRentalAbi,
    address: deployment.computeRental,
    args: { sessionId },
    eventName: 'SessionDeclined',
    fromBlock: BigInt(deployment.blockNumber),
  })
  // Its words begin no line of this command's.
  const reason = event?.args.reason?.replace(/\s+/g, ' ') || 'it gave no reason'
  return new UsageError(
    `The provider declined session ${sessionId}: ${reason}. ${eth(deposit)} is in your ledger; \`jeju-compute ledger withdraw all\` takes it out.`,
  )
}
