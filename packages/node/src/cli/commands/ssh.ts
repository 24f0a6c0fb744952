import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Registry, Rental } from '@jejunetwork/sdk'
import { connect } from '../connect.ts'
import type { Run } from '../context.ts'
import { TryLaterError, UsageError } from '../errors.ts'
import { whole } from '../input.ts'
import { identityFor } from '../sshKey.ts'
import { sessionOf } from './sessions.ts'

type Access = { host: string; port: number; hostKey: string }

/** Becomes OpenSSH's client, pointed at a session and trusting the host key that its provider published. */
export const ssh: Run = async ({ config, output }, { args, options }) => {
  const [id, ...command] = args
  const sessionId = whole('The session', id)
  const market = await connect(config)
  const { client, deployment } = market
  const session = await sessionOf(market, sessionId)
  if (session.status !== 'running')
    throw new UsageError(`Session ${sessionId} is ${session.status}, not running.`)
  const { endpoint } = await Registry.get(client, { deployment, providerId: session.providerId })
  const access = await output.during('Asking the provider', accessTo(endpoint, sessionId))
  const { host, hostKey, port } = access
  if (Rental.accessHash(access) !== session.accessHash)
    throw new UsageError(
      `${endpoint} names another host key or port for session ${sessionId} than the provider put on chain; that may not be your machine.`,
    )

  const directory = join(config.home, 'ssh')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const knownHosts = join(directory, `known_hosts_${deployment.chainId}_${sessionId}`)
  writeFileSync(knownHosts, `[${host}]:${port} ${hostKey}\n`)

  const identity =
    typeof options['identity'] === 'string' ? options['identity'] : identityFor(config, session.sshPublicKey)
  const trust = [
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${knownHosts}`,
    'GlobalKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
  ].flatMap((option) => ['-o', option])
  const login = identity ? ['-i', identity, '-o', 'IdentitiesOnly=yes'] : []
  const child = spawn('ssh', [...trust, ...login, '-p', String(port), `${sessionId}@${host}`, ...command], {
    stdio: 'inherit',
  })
  await once(child, 'spawn').catch((cause: unknown) => {
    throw new UsageError('OpenSSH is not installed; install its client (`ssh`) and try again.', { cause })
  })
  const [code] = await once(child, 'exit')
  return { exitCode: code ?? 1 }
}

async function accessTo(endpoint: string, sessionId: bigint): Promise<Access> {
  const url = new URL(`/v1/sessions/${sessionId}`, endpoint)
  let answer: Response
  try {
    answer = await fetch(url)
  } catch (cause) {
    throw new TryLaterError(`The provider does not answer at ${endpoint}.`, { cause })
  }
  if (!answer.ok)
    throw new TryLaterError(`The provider at ${endpoint} answered ${answer.status} for session ${sessionId}.`)
  const { ssh: access } = (await answer.json()) as { ssh?: Access }
  if (access) return access
  throw new TryLaterError(`The machine of session ${sessionId} is not ready yet.`)
}
