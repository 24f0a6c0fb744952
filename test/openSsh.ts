import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A key pair of OpenSSH's own making. */
export type KeyPair = { file: string; publicKey: string }

export function createKey(folder: string, name: string): KeyPair {
  const file = join(folder, name)
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `${name}@test`, '-f', file])
  return { file, publicKey: readFileSync(`${file}.pub`, 'utf8').trim() }
}

/** Where and as whom to log in, and the host key to insist on. */
export type Target = { user: string; host: string; port: number; hostKey: string; key: KeyPair }

export type Outcome = { code: number; stdout: string; stderr: string }

/** Runs a command on the machine by the real OpenSSH client. */
export async function ssh(target: Target, command: string, input = ''): Promise<Outcome> {
  const child = spawn('ssh', [...sshArgs(target), command], { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.end(input)
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk))
  const [code] = await once(child, 'close')
  return { code, stderr, stdout }
}

/** Copies a file to the machine and back, by the real scp. */
export async function scpRoundTrip(
  target: Target,
  { from, to }: { from: string; to: string },
): Promise<void> {
  const options = ['-P', String(target.port), ...trust(target)]
  const there = `${target.user}@${target.host}:copied`
  await promisify(execFile)('scp', ['-q', ...options, from, there])
  await promisify(execFile)('scp', ['-q', ...options, there, to])
}

export const sshArgs = (target: Target): string[] => [
  ...trust(target),
  '-p',
  String(target.port),
  `${target.user}@${target.host}`,
]

function trust({ host, hostKey, key, port }: Target): string[] {
  const knownHosts = `${key.file}.known_hosts`
  writeFileSync(knownHosts, `[${host}]:${port} ${hostKey}\n`)
  const options = {
    BatchMode: 'yes',
    ConnectTimeout: '10',
    GlobalKnownHostsFile: '/dev/null',
    IdentitiesOnly: 'yes',
    StrictHostKeyChecking: 'yes',
    UserKnownHostsFile: knownHosts,
  }
  return [
    '-F',
    '/dev/null',
    '-i',
    key.file,
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
  ]
}
