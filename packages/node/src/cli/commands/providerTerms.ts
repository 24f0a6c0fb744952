import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ContractRevertedError, Registry, Staking } from '@jejunetwork/sdk'
import { getAddress, isAddress, zeroAddress } from 'viem'
import { createLog } from '../../log.ts'
import { eth } from '../../money.ts'
import { hardwareClaim } from '../../provider/hardware.ts'
import { connect, type Market } from '../connect.ts'
import type { Context, Run } from '../context.ts'
import { UsageError } from '../errors.ts'
import { ether } from '../input.ts'
import { unlock, walletOn } from '../keys.ts'
import type { Result } from '../output.ts'
import { providerIdOf } from '../providerOf.ts'
import { WEEK } from './withdrawStake.ts'

/** Closes the provider for new sessions; those that run go on. */
export const pause: Run = async (context) => {
  const own = await ownProvider(context)
  return changed(context, own, {
    data: { active: false },
    said: `Provider ${own.providerId} takes no new sessions; those that run go on.`,
    sent: Registry.setActive(own.wallet, { deployment: own.deployment, value: false }),
  })
}

export const resume: Run = async (context) => {
  const own = await ownProvider(context)
  return changed(context, own, {
    data: { active: true },
    said: `Provider ${own.providerId} takes new sessions.`,
    sent: Registry.setActive(own.wallet, { deployment: own.deployment, value: true }),
  })
}

export const price: Run = async (context, { args }) => {
  const value = ether('The price', args[0])
  if (value === 0n) throw new UsageError('The price of an hour is above 0.')
  const own = await ownProvider(context)
  return changed(context, own, {
    data: { pricePerHour: value },
    said: `New sessions at provider ${own.providerId} cost ${eth(value)} an hour; those that run keep their price.`,
    sent: Registry.setPrice(own.wallet, { deployment: own.deployment, value }),
  })
}

export const endpoint: Run = async (context, { args }) => {
  const value = urlOf(args[0])
  const own = await ownProvider(context)
  return changed(context, own, {
    data: { endpoint: value },
    said: `Provider ${own.providerId} is reached at ${value}; start its node with --endpoint ${value}.`,
    sent: Registry.setEndpoint(own.wallet, { deployment: own.deployment, value }),
  })
}

/** Detects this machine's hardware again and puts it on chain. */
export const hardware: Run = async (context) => {
  const { config, output, signal } = context
  const own = await ownProvider(context)
  const dataDir = join(config.home, 'provider')
  mkdirSync(dataDir, { mode: 0o700, recursive: true })
  const log = createLog({ level: 'warn', pretty: true, to: process.stderr })
  const value = await output.during('Looking', hardwareClaim({ dataDir, log, signal }))
  const { client, deployment, providerId } = own
  const before = await Registry.get(client, { deployment, providerId })
  if (before.hardwareAttestation === value)
    return { data: { hardware: JSON.parse(value), providerId }, text: 'The chain has it as it is.' }
  return changed(context, own, {
    data: { hardware: JSON.parse(value) },
    said: `Provider ${providerId} claims what this machine has now.`,
    sent: Registry.setHardware(own.wallet, { deployment, value }),
  })
}

/** Names the key that runs the node, which moves no money; `none` dismisses it. */
export const operator: Run = async (context, { args }) => {
  const given = args[0] ?? ''
  if (given !== 'none' && !isAddress(given, { strict: false }))
    throw new UsageError(`The operator is an address, or none; it was ${JSON.stringify(given)}.`)
  const value = given === 'none' ? zeroAddress : getAddress(given)
  const own = await ownProvider(context)
  return changed(context, own, {
    data: { operator: given === 'none' ? null : value },
    said:
      given === 'none'
        ? `Provider ${own.providerId} has no operator.`
        : `${value} acts for provider ${own.providerId} where no money moves.`,
    sent: Registry.setOperator(own.wallet, { deployment: own.deployment, value }),
  })
}

export const unregister: Run = async (context) => {
  const own = await ownProvider(context)
  const { client, deployment, isLocal, owner, providerId, wallet } = own
  const question = `Take provider ${providerId} off the market for good? A later registration gets another id.`
  if (!isLocal) await context.output.confirm(question)
  const result = await changed(context, own, {
    data: {},
    said: `Provider ${providerId} is off the market, and its node may stop.`,
    sent: Registry.unregister(wallet, { deployment }).catch((error: unknown) => {
      if (!(error instanceof ContractRevertedError && error.errorName === 'ObligationsRemain')) throw error
      throw new UsageError(
        `Provider ${providerId} has sessions that are not over or not paid out, which \`jeju-compute provider status\` shows; \`jeju-compute provider pause\` takes no new ones, and a running node collects.`,
        { cause: error },
      )
    }),
  })
  const { staked } = await Staking.get(client, { account: owner, deployment })
  return {
    ...result,
    text: `${result.text} Its stake of ${eth(staked)} leaves by \`jeju-compute provider withdraw\`. ${WEEK}`,
  }
}

type Own = Market & {
  owner: `0x${string}`
  providerId: bigint
  wallet: ReturnType<typeof walletOn>
}

async function ownProvider({ config }: Context): Promise<Own> {
  const market = await connect(config)
  const { account } = await unlock(config, { market, role: 'provider' })
  const owner = account.address
  const providerId = await providerIdOf(market, owner)
  return { ...market, owner, providerId, wallet: walletOn(market, account) }
}

async function changed(
  { output }: Context,
  { providerId }: Own,
  { data, said, sent }: { data: object; said: string; sent: Promise<{ hash: string }> },
): Promise<Result> {
  const { hash } = await output.during('Sending', sent)
  return { data: { ...data, hash, providerId }, text: said }
}

function urlOf(text: string | undefined): string {
  const url = URL.parse(text ?? '')
  if (url && /^https?:$/.test(url.protocol) && !url.search && !url.hash) return url.href.replace(/\/$/, '')
  throw new UsageError(
    `The endpoint is an http(s) URL without a query, such as https://mynode.example.com; it was ${JSON.stringify(text ?? '')}.`,
  )
}
