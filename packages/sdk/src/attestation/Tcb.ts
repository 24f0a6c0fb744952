import type { Field } from './Json.ts'
import { refuse } from './Refusal.ts'

/** How Intel rates a set of security versions, or how two ratings combine. */
export type Status =
  | 'UpToDate'
  | 'SWHardeningNeeded'
  | 'ConfigurationNeeded'
  | 'ConfigurationAndSWHardeningNeeded'
  | 'OutOfDate'
  | 'OutOfDateConfigurationNeeded'
  | 'Revoked'
  /** The domain started under a module that is out of date, and a current one runs now: start it again. */
  | 'TDRelaunchAdvised'
  | 'TDRelaunchAdvisedConfigurationNeeded'

export type Rating = { status: Status; advisories: readonly string[] }

/** What a part is rated by: the first level whose minimums it reaches. */
export type Level<Minimums> = Rating & { minimums: Minimums }

const PLATFORM: readonly Status[] = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
]
const CONFIGURATION: readonly Status[] = ['ConfigurationNeeded', 'ConfigurationAndSWHardeningNeeded']

/** The levels of one part, best first, as Intel lists them. */
export function levels<Minimums>(list: Field, read: (tcb: Field) => Minimums): readonly Level<Minimums>[] {
  return list.list().map((level) => ({
    advisories: (level.optional('advisoryIDs')?.list() ?? []).map((advisory) => advisory.text()),
    minimums: read(level.at('tcb')),
    status: statusOf(level.at('tcbStatus')),
  }))
}

/** A part of less weight (quoting enclave, TDX module) can take the platform's rating down, never up. */
export function degrade(platform: Status, by: Status): Status {
  if (platform === 'Revoked' || by === 'Revoked') return 'Revoked'
  if (!isOutOfDate(by) || isOutOfDate(platform)) return platform
  return CONFIGURATION.includes(platform) ? 'OutOfDateConfigurationNeeded' : 'OutOfDate'
}

/**
 * The rating of a domain that started under one module and runs under another. Out of date at launch and
 * current now: start it again. Current at launch and worse now: as now, although Intel lets launch stand.
 */
export function relaunch({ current, launch }: { current: Status; launch: Status }): Status {
  if (launch === 'Revoked' || current === 'Revoked') return 'Revoked'
  if (!isOutOfDate(launch)) return isOutOfDate(current) ? current : launch
  if (isOutOfDate(current)) return launch
  const plain = launch === 'OutOfDate' && !CONFIGURATION.includes(current)
  return plain ? 'TDRelaunchAdvised' : 'TDRelaunchAdvisedConfigurationNeeded'
}

/** Whether something that must be updated was found; a relaunch would be such an update. */
export function needsUpdate(status: Status): boolean {
  return isOutOfDate(status) || status.startsWith('TDRelaunch')
}

function isOutOfDate(status: Status): boolean {
  return status === 'OutOfDate' || status === 'OutOfDateConfigurationNeeded'
}

function statusOf(field: Field): Status {
  const text = field.text()
  const status = PLATFORM.find((known) => known === text)
  return status ?? refuse('JSON', 'TCB status', { bound: PLATFORM.join(', '), value: text.slice(0, 80) })
}
