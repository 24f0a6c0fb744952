import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Hex, toHex } from 'viem'
import type { Config } from './config.ts'
import type { Input } from './context.ts'
import { UsageError } from './errors.ts'
import { quorumId } from './input.ts'

/** What must be proven of a machine, as `verifyProvider` takes it. Empty: that it is attested, of any workload and by any quorum. */
export type Demands = { workloads?: readonly Hex[]; quorums?: readonly bigint[] }

/** What the options insist on; a workload or a quorum that is named insists on proof. Undefined where nothing is. */
export function demandsOf({ quorum, verified, workload }: Input['options']): Demands | undefined {
  if (quorum === undefined && verified !== true && workload === undefined) return undefined
  return {
    ...(quorum === undefined ? {} : { quorums: [quorumId('--quorum', quorum)] }),
    ...(workload === undefined ? {} : { workloads: [workloadId(workload)] }),
  }
}

/** Keeps what a session was rented on, so that whoever logs in insists on it too: proof may end, or be given up, after the payment. */
export function remember(config: Config, session: Session, { quorums, workloads }: Demands): void {
  const [quorum] = quorums ?? []
  const [workload] = workloads ?? []
  mkdirSync(join(config.home, 'ssh'), { recursive: true, mode: 0o700 })
  const kept = { quorum: quorum === undefined ? undefined : toHex(quorum), workload }
  writeFileSync(fileOf(config, session), `${JSON.stringify(kept)}\n`)
}

/** What the session was rented on; undefined where on nothing, or from another machine than this. */
export function remembered(config: Config, session: Session): Demands | undefined {
  const file = fileOf(config, session)
  if (!existsSync(file)) return undefined
  try {
    const { quorum, workload } = JSON.parse(readFileSync(file, 'utf8'))
    return demandsOf({ verified: true, ...texts({ quorum, workload }) })
  } catch (cause) {
    throw new UsageError(
      `${file} does not hold what session ${session.sessionId} was rented on; without it nothing more is insisted on than you say.`,
      { cause },
    )
  }
}

type Session = { chainId: number; sessionId: bigint }

function fileOf(config: Config, { chainId, sessionId }: Session): string {
  return join(config.home, 'ssh', `verified_${chainId}_${sessionId}.json`)
}

function texts(given: Record<string, unknown>): Input['options'] {
  return Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

function workloadId(text: unknown): Hex {
  if (typeof text === 'string' && /^0x[0-9a-f]{64}$/i.test(text)) return text.toLowerCase() as Hex
  throw new UsageError(`--workload is 0x and 64 hexadecimal digits; it was ${JSON.stringify(text)}.`)
}
