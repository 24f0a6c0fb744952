import { join } from 'node:path'
import { Attestation, Registry, readJson, Staking } from '@jejunetwork/sdk'
import { createLog } from '../../log.ts'
import { eth } from '../../money.ts'
import { hardwareClaim } from '../../provider/hardware.ts'
import { openDocker } from '../../provider/runtime/docker.ts'
import { baseUrl } from '../../proxy/baseUrl.ts'
import { connect, type Market } from '../connect.ts'
import type { Context, Run } from '../context.ts'
import { hostKeyShown } from '../hostKeyShown.ts'
import { whose } from '../keys.ts'
import { print, table } from '../output.ts'
import { providerIdOf } from '../providerOf.ts'

const PATIENCE_MS = 5_000

/** What was found, and what mends it where it is not well. */
type Finding = { name: string; ok: boolean; found: string; mend: string }

/** Looks at a provider as a renter would, and at the machine that it runs on; says of each thing what mends it. */
export const doctor: Run = async (context) => {
  const { config, json, output } = context
  const market = await connect(config)
  const { client, deployment } = market
  const { address: owner } = await whose(config, { market, role: 'provider' })
  const providerId = await providerIdOf(market, owner)
  const provider = await Registry.get(client, { deployment, providerId })
  const looked = Promise.all([
    money(market, provider),
    offer(market, provider),
    node(market, provider),
    gateway(provider),
    machines(context, market),
    hardware(context, provider),
  ])
  const findings = (await output.during('Looking', looked)).flat()

  const rows = findings.map(({ found, mend, name, ok }) => [ok ? 'ok' : 'NO', name, found, ok ? '' : mend])
  const failed = findings.filter(({ ok }) => !ok).length
  const verdict = failed === 0 ? 'Nothing is wrong.' : `${failed} of ${findings.length} need mending.`
  print(
    {
      data: { findings, healthy: failed === 0, providerId },
      text: `${table(['', 'CHECK', 'FOUND', 'WHAT MENDS IT'], rows)}\n\n${verdict}`,
    },
    { json },
  )
  return { exitCode: failed === 0 ? 0 : 1 }
}

async function money({ client, deployment }: Market, { owner }: Registry.Provider): Promise<Finding[]> {
  const [balance, { pending, required, staked }] = await Promise.all([
    client.getBalance({ address: owner }),
    Staking.get(client, { account: owner, deployment }),
  ])
  const stays = staked - pending
  const leaves = pending === 0n ? '' : `, ${eth(pending)} of it leaving`
  return [
    { found: eth(balance), mend: `send ether to ${owner}`, name: 'gas', ok: balance > 0n },
    {
      found: `${eth(staked)}${leaves}`,
      mend: `a provider's role takes ${eth(required)}: stake what is missing`,
      name: 'stake',
      ok: stays >= required,
    },
  ]
}

async function offer({ deployment }: Market, { active, endpoint }: Registry.Provider): Promise<Finding[]> {
  const url = baseUrl(endpoint, deployment)
  return [
    {
      found: active ? 'active' : 'takes no sessions',
      mend: '`jeju-compute provider resume`',
      name: 'market',
      ok: active,
    },
    {
      found: endpoint,
      mend: 'an http(s) URL that the world reaches: `jeju-compute provider endpoint`',
      name: 'endpoint',
      ok: url !== undefined,
    },
  ]
}

/** Whether this provider's node, and no other, answers where the registry says. */
async function node({ deployment }: Market, provider: Registry.Provider): Promise<Finding> {
  const { endpoint, providerId } = provider
  const mend =
    'run `jeju-compute provider start`; if it runs, open its port, and give the endpoint as others see it'
  const url = baseUrl(endpoint, deployment)
  if (url === undefined) return { found: 'not asked', mend, name: 'node', ok: false }
  const init = { redirect: 'error', signal: AbortSignal.timeout(PATIENCE_MS) } as const
  const answer = await fetch(`${url}/health`, init).catch(() => undefined)
  if (answer === undefined) return { found: 'no answer', mend, name: 'node', ok: false }
  const health = (await readJson(answer).catch(() => undefined)) as { providerId?: unknown } | undefined
  const isOurs = health?.providerId === String(providerId)
  if (answer.ok && isOurs) return { found: 'answers', mend, name: 'node', ok: true }
  return isOurs
    ? { found: `answers ${answer.status}`, mend: 'it has not kept up; read its log', name: 'node', ok: false }
    : { found: `something that is not the node of provider ${providerId}`, mend, name: 'node', ok: false }
}

/** Whether renters reach the SSH server that the node tells them of. */
async function gateway({ endpoint }: Registry.Provider): Promise<Finding> {
  const name = 'SSH'
  const mend = 'open its port, and listen for the world: `provider start --ssh-host 0.0.0.0`'
  const evidence = await Attestation.Evidence.fetchFrom(endpoint).catch(() => undefined)
  const ssh = evidence?.ssh
  if (ssh === undefined)
    return { found: 'not told by the node', mend: 'the node, see above', name, ok: false }
  const at = `${ssh.host}:${ssh.port}`
  const key = await hostKeyShown(ssh)
  if (key === undefined) return { found: `no answer at ${at}`, mend, name, ok: false }
  const another = `another host key than the node's at ${at}`
  return { found: key === ssh.hostKey ? at : another, mend, name, ok: key === ssh.hostKey }
}

async function machines({ config }: Context, { isLocal }: Market): Promise<Finding> {
  const socket = config.dockerSocket
  const mend = `start Docker, let this user reach ${socket}, or set DOCKER_HOST`
  const docker = config.runtime === 'process' ? undefined : await openDocker(socket)
  if (docker !== undefined) return { found: 'Docker', mend, name: 'machines', ok: true }
  const found = isLocal ? 'plain processes, which protect nobody' : `no Docker answers at ${socket}`
  return { found, mend, name: 'machines', ok: isLocal && config.runtime !== 'docker' }
}

async function hardware(
  { config, signal }: Context,
  { hardwareAttestation }: Registry.Provider,
): Promise<Finding> {
  const log = createLog({ level: 'silent' })
  const now = await hardwareClaim({ dataDir: join(config.home, 'provider'), log, signal })
  const ok = now === hardwareAttestation
  const found = ok ? 'as on chain' : 'not what the chain says'
  return { found, mend: '`jeju-compute provider hardware`', name: 'hardware', ok }
}
