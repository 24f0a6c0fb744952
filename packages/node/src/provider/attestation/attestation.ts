import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Attestation, ComputeError, type Deployment, Registry } from '@jejunetwork/sdk'
import type { FastifyInstance } from 'fastify'
import { type Hex, keccak256, type PublicClient, zeroHash } from 'viem'
import type { Journal } from '../../journal.ts'
import type { Log } from '../../log.ts'
import { every } from '../../loop.ts'
import type { Sender } from '../../send.ts'
import { attest } from './attest.ts'
import { certify, type KeyService, NoCertificatesError } from './certify.ts'
import { openRows } from './rows.ts'
import { NoTeeError, TSM_REPORTS } from './tsm.ts'

export type AttestationConfig = {
  /** The kernel's folder of TEE reports. */
  tsm?: string | undefined
  /** NVIDIA's `nvattest`, or where it lies. */
  nvattest?: string | undefined
  /** A collateral service in the form of Intel's; Intel's own unless given. */
  pccsUrl?: string | undefined
  /** A key service in the form of AMD's; AMD's own unless given. */
  kdsUrl?: string | undefined
  /** SHA-256 of AMD's root keys, on a chain for tests. */
  amdRoots?: typeof Attestation.Roots.AMD_ROOTS | undefined
  /** PEM of the certificate that the HTTP endpoint shows, where something in this machine gives it TLS. */
  tlsCertificate?: string | undefined
  intervalMs?: number | undefined
  /** How often it is asked, while the attestation does not end soon. */
  collateralMs?: number | undefined
}

/** The part of a node that proves what machine it is. */
export type AttestationDesk = {
  routes(app: FastifyInstance): void
  end(): Promise<void>
}

const INTERVAL_MS = 600_000
const COLLATERAL_MS = 6 * 3_600_000

/** Attests this machine now and then. A machine without a TEE says so once, and its provider stays listed as claimed. */
export async function openAttestation(
  config: AttestationConfig,
  deps: openAttestation.Deps,
): Promise<AttestationDesk> {
  const { client, deployment, journal, log, providerId, sender, signal, ssh } = deps
  const { collateralMs: everyMs = COLLATERAL_MS, intervalMs = INTERVAL_MS } = config
  const { nvattest = 'nvattest', pccsUrl, tsm = TSM_REPORTS } = config
  const rows = openRows(journal)
  const collateral = { askedAt: 0, everyMs }
  const keys: KeyService = {
    folder: join(deps.dataDir, 'amd'),
    pause: { firstMs: intervalMs, longestMs: everyMs, ms: 0, until: 0 },
    roots: config.amdRoots,
    url: config.kdsUrl,
  }
  let reason = 'The node did not attest yet.'
  const say = createVoice(log)
  const tlsSpkiHash = await tlsKeyHash(config.tlsCertificate)
  const task = async () => {
    const ground = {
      agentId: (await Registry.agentIdOf(client, { deployment, providerId })) ?? 0n,
      chainId: deployment.chainId,
      provider: sender.address,
      registry: deployment.attestationRegistry,
      sshHostKey: ssh.hostKey,
      tlsSpkiHash,
    }
    const desk = {
      client,
      collateral,
      deployment,
      ground,
      log,
      nvattest,
      pccsUrl,
      providerId,
      rows,
      sender,
      signal,
      tsm,
    }
    await attest(desk)
    await certify({ client, keys, log, rows, signal })
    say('')
  }
  const onError = (error: unknown) => {
    if (!(error instanceof ComputeError)) say('attestation failed', { error })
    else if (error instanceof NoTeeError)
      say('no TEE, so this provider is listed as claimed', { why: error.message })
    else if (error instanceof NoCertificatesError)
      say("AMD's certificates are missing", { why: error.message })
    else say('attestation failed', { why: error.message })
    reason = error instanceof ComputeError ? error.message : 'The node could not attest.'
  }
  const running = every(intervalMs, task, { onError, signal })
  return {
    end: () => running,
    routes(app) {
      const show = createWriter(ssh)
      app.get('/v1/attestation', async (_request, reply) => {
        const evidence = rows.read('shown')?.evidence ?? { reason, tee: 'none' as const }
        return reply.type('application/json').send(show(evidence))
      })
      // For attesters: what waits for their verdict while that of the one before still counts.
      app.get('/v1/attestation/next', async (_request, reply) => {
        const next = rows.read('next') ?? rows.read('shown')
        return reply.type('application/json').send(show(next?.evidence ?? { reason, tee: 'none' }))
      })
    },
  }
}

export declare namespace openAttestation {
  type Deps = {
    client: PublicClient
    /** What must survive a restart. */
    dataDir: string
    deployment: Deployment
    journal: Journal
    log: Log
    providerId: bigint
    sender: Sender
    signal: AbortSignal
    /** The gateway whose host key is attested. */
    ssh: Attestation.Evidence.Gateway
  }
}

/** Writes evidence once, however often strangers ask for it. */
function createWriter(
  ssh: Attestation.Evidence.Gateway,
): (evidence: Attestation.Evidence.Evidence) => string {
  const written = new WeakMap<Attestation.Evidence.Evidence, string>()
  return (evidence) => {
    const text = written.get(evidence) ?? Attestation.Evidence.toJson({ ...evidence, ssh })
    written.set(evidence, text)
    return text
  }
}

/** Says what changed and not the same again. */
function createVoice(log: Log): (line: string, facts?: { error?: unknown; why?: string }) => void {
  let last = ''
  return (line, facts = {}) => {
    const now = `${line} ${facts.why ?? String(facts.error)}`
    if (line !== '' && now !== last) {
      if (line.startsWith('no TEE')) log.info(line, facts)
      else log.warn(line, facts)
    }
    last = now
  }
}

async function tlsKeyHash(path: string | undefined): Promise<Hex> {
  if (path === undefined) return zeroHash
  const { publicKey } = new X509Certificate(await readFile(path))
  return keccak256(publicKey.export({ format: 'der', type: 'spki' }))
}
