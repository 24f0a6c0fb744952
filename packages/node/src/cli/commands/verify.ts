import { type Check, type Verification, verifyProvider } from '@jejunetwork/sdk'
import { toHex } from 'viem'
import { connect, type Market } from '../connect.ts'
import type { Context, Run } from '../context.ts'
import { type Demands, demandsOf } from '../demands.ts'
import { endpointOf } from '../endpointOf.ts'
import { hostKeyShown } from '../hostKeyShown.ts'
import { whole } from '../input.ts'
import { print, table } from '../output.ts'
import { providerOf } from '../providerOf.ts'
import { tlsKeyShown } from '../tlsKeyShown.ts'

/** Checks a provider's machine by its evidence, and says of each check what was seen and what had to be. */
export const verify: Run = async (context, { args, options }) => {
  const providerId = whole('The provider', args[0])
  const market = await connect(context.config)
  const demands = demandsOf(options)
  const done = await context.output.during('Verifying', look(context, market, { ...demands, providerId }))
  const { checks, gpus, level, verified } = done
  const failed = checks.filter(({ ok }) => !ok)
  const verdict = verified
    ? `Provider ${providerId} is verified: level ${level?.level}. What that means and does not: docs/trust.md.`
    : `Provider ${providerId} is not verified: ${failed.map(said).join('; ')}.`
  const rows = checks.map(({ bound, name, ok, value }) => [ok ? 'ok' : 'NO', name, value, bound])
  print(
    {
      data: {
        checks,
        gpus: gpus && { ...gpus, quorumId: toHex(gpus.quorumId) },
        level: level?.level ?? 0,
        providerId,
        verified,
      },
      text: `${table(['', 'CHECK', 'VALUE', 'MUST BE'], rows)}\n\n${verdict}`,
    },
    { json: context.json },
  )
  return { exitCode: verified ? 0 : 1 }
}

/** Verifies a provider with the keys that its gateway and its endpoint really show. */
async function look(
  { config, signal }: Context,
  market: Market,
  options: Demands & { providerId: bigint },
): Promise<Verification> {
  const { client, deployment } = market
  const endpoint = endpointOf(await providerOf(market, options.providerId), deployment)
  const all = {
    ...options,
    ...config.teeRoots,
    deployment,
    signal,
    tlsSpkiHash: await tlsKeyShown(endpoint),
  }
  const first = await verifyProvider(client, all)
  if (!first.ssh || !first.verified) return first
  const sshHostKey = await hostKeyShown(first.ssh)
  if (sshHostKey) return verifyProvider(client, { ...all, sshHostKey })
  const { host, port } = first.ssh
  const silent: Check = {
    bound: 'an SSH server',
    name: 'SSH gateway',
    ok: false,
    value: `no answer at ${host}:${port}`,
  }
  return { ...first, checks: [...first.checks, silent], verified: false }
}

function said({ bound, name, value }: Check): string {
  return `${name} is ${value}, and must be ${bound}`
}
