import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Attestation, Registry, Rental, readJson } from '@jejunetwork/sdk'
import { connect } from '../connect.ts'
import type { Context, Input, Run } from '../context.ts'
import { demandsOf, remembered } from '../demands.ts'
import { endpointOf } from '../endpointOf.ts'
import { TryLaterError, UsageError } from '../errors.ts'
import { hostKeyShown } from '../hostKeyShown.ts'
import { whole } from '../input.ts'
import type { Output } from '../output.ts'
import { HostKeySwappedError, pin } from '../pinned.ts'
import { identityFor } from '../sshKey.ts'
import { sessionOf } from './sessions.ts'

const PATIENCE_MS = 30_000

/** Becomes OpenSSH's client, pointed at a session and trusting one host key: the attested one, or of a claimed machine the published. */
export const ssh: Run = async (context, { args, options }) => {
  const [id, ...command] = args
  if (command[0]?.startsWith('-') && command[0] !== '--')
    throw new UsageError(`Options go before the session: \`jeju-compute ssh ${command[0]} … ${id}\`.`)
  const sessionId = whole('The session', id)
  const to = await loginTo(context, { options, sessionId })
  const { login, port } = to
  // OpenSSH's ssh wants an IPv6 address bare, its scp in the brackets of a URL.
  const host = bare(to.host)
  const { say } = context.output
  return become('ssh', to, { args: [...login, '-p', port, `${sessionId}@${host}`, ...command], say })
}

/** Becomes OpenSSH's scp; `1:notes.txt` is a file of session 1. */
export const scp: Run = async (context, { args, options }) => {
  const ids = new Set(args.flatMap((path) => REMOTE.exec(path)?.[1] ?? []))
  const [id] = ids
  if (ids.size !== 1 || args.length < 2)
    throw new UsageError('Name what to copy and where to, one of them in a session, as `notes.txt 1:`.')
  const sessionId = whole('The session', id)
  const to = await loginTo(context, { options, sessionId })
  const { host, login, port } = to
  const paths = args.map((path) => path.replace(REMOTE, () => `${sessionId}@${host}:`))
  const how = [...login, ...(options['recursive'] ? ['-r'] : []), '-P', port]
  return become('scp', to, { args: [...how, '--', ...paths], say: context.output.say })
}

const REMOTE = /^(\d+):/

/** An address without the brackets that IPv6 has in a URL. */
function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '')
}

type Login = { host: string; hostKey: string; port: string; login: string[]; hasKey: boolean }

async function loginTo(
  context: Context,
  { options, sessionId }: { options: Input['options']; sessionId: bigint },
): Promise<Login> {
  const { config, output } = context
  const { claimed: asClaimed, identity: given } = options
  const claimed = asClaimed === true
  const demanded = demandsOf(options)
  if (typeof given === 'string' && !existsSync(given))
    throw new UsageError(`There is no private key at ${given}.`)
  if (claimed && demanded) throw new UsageError('Take --claimed, or insist on proof; both is neither.')
  const market = await connect(config)
  const { client, deployment } = market
  const session = await sessionOf(market, sessionId)
  if (session.status !== 'running')
    throw new UsageError(`Session ${sessionId} is ${session.status}, not running.`)
  const provider = await Registry.get(client, { deployment, providerId: session.providerId })
  const endpoint = endpointOf(provider, deployment)
  const access = await output.during('Asking the provider', accessTo(endpoint, sessionId))
  const { host, hostKey, port } = access
  const identity = typeof given === 'string' ? given : identityFor(config, session.sshPublicKey)
  if (Rental.accessHash(access) !== session.accessHash)
    throw new UsageError(
      `${endpoint} names another host key or port for session ${sessionId} than the provider put on chain; that may not be your machine.`,
    )
  const { chainId } = deployment
  const kept = remembered(config, { chainId, sessionId })
  const demands = demanded || kept ? { ...kept, ...demanded } : undefined
  const { providerId } = session
  await output.during('Verifying', pin(context, market, { claimed, demands, hostKey, providerId }))

  const directory = join(config.home, 'ssh')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const knownHosts = join(directory, `known_hosts_${chainId}_${sessionId}`)
  writeFileSync(knownHosts, `[${bare(host)}]:${port} ${hostKey}\n`)

  const trust = [
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${knownHosts}`,
    'GlobalKnownHostsFile=/dev/null',
    // Nothing else vouches for a key, whatever the user's own configuration says.
    'VerifyHostKeyDNS=no',
    'UpdateHostKeys=no',
    'IgnoreUnknown=KnownHostsCommand',
    'KnownHostsCommand=none',
    'LogLevel=ERROR',
    // The machine is a stranger's: it gets no hold of this one's keys and screen.
    'ForwardAgent=no',
    'ForwardX11=no',
  ].flatMap((option) => ['-o', option])
  const login = identity ? ['-i', identity, '-o', 'IdentitiesOnly=yes'] : []
  return { hasKey: identity !== undefined, host, hostKey, login: [...trust, ...login], port: String(port) }
}

async function become(
  tool: 'ssh' | 'scp',
  to: Login,
  { args, say }: { args: readonly string[]; say: Output['say'] },
): Promise<{ exitCode: number }> {
  const child = spawn(tool, args, { stdio: 'inherit' })
  await once(child, 'spawn').catch((cause: unknown) => {
    throw new UsageError(`OpenSSH is not installed; install its client (\`${tool}\`) and try again.`, {
      cause,
    })
  })
  const [code] = await once(child, 'exit')
  // 255 is OpenSSH's own failure; scp passes on 255 or 1.
  if (code === 255 || (tool === 'scp' && code !== 0)) await explain(to)
  if (code === 255 && !to.hasKey)
    say('If the key was refused: the one that the session was rented with is not in ~/.ssh; name it with -i.')
  return { exitCode: code ?? 1 }
}

/** OpenSSH did not get through, or what it ran failed: if the gateway's key is another one, that is why. */
async function explain({ host, hostKey, port }: Login): Promise<void> {
  const shown = await hostKeyShown({ host, port: Number(port) })
  if (shown !== undefined && shown !== hostKey)
    throw new HostKeySwappedError({ at: `${host}:${port}`, pinned: hostKey, shown })
}

async function accessTo(endpoint: string, sessionId: bigint): Promise<Attestation.Evidence.Gateway> {
  const url = `${endpoint}/v1/sessions/${sessionId}`
  let answer: Response
  try {
    answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(PATIENCE_MS) })
  } catch (cause) {
    throw new TryLaterError(`The provider does not answer at ${endpoint}.`, { cause })
  }
  if (!answer.ok)
    throw new TryLaterError(`The provider at ${endpoint} answered ${answer.status} for session ${sessionId}.`)
  const { ssh: access } = ((await readJson(answer)) ?? {}) as { ssh?: unknown }
  if (access === undefined) throw new TryLaterError(`The machine of session ${sessionId} is not ready yet.`)
  if (Attestation.Evidence.isGateway(access)) return access
  throw new UsageError(`The provider at ${endpoint} names no place that SSH could go to.`)
}
