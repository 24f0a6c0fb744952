import type { Field } from './Json.ts'
import { refuse } from './Refusal.ts'

/**
 * How Intel rates a set of security versions, in the order of the contract's enum. The last two are of a domain that started
 * under a module that is out of date while a current one runs now: start it again.
 */
export const STATUSES = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
  'TDRelaunchAdvised',
  'TDRelaunchAdvisedConfigurationNeeded',
] as const

export type Status = (typeof STATUSES)[number]

export type Rating = { status: Status; advisories: readonly string[] }

/** What a part is rated by: the first level whose minimums it reaches. */
export type Level<Minimums> = Rating & { minimums: Minimums }

/** The statuses that Intel gives to platforms. */
export const PLATFORM_STATUSES: readonly Status[] = STATUSES.filter((status) => !isRelaunch(status))

/** The statuses that Intel gives to its own enclaves and modules. */
const ISV_STATUSES: readonly Status[] = ['UpToDate', 'OutOfDate', 'Revoked']

const CONFIGURATION: readonly Status[] = ['ConfigurationNeeded', 'ConfigurationAndSWHardeningNeeded']

/** The levels of one part, best first, as Intel lists them. */
export function levels<Minimums>(list: Field, options: levels.Options<Minimums>): readonly Level<Minimums>[] {
  const { read, statuses } = options
  return list.list().map((level) => ({
    advisories: (level.optional('advisoryIDs')?.list() ?? []).map((advisory) => advisory.text()),
    minimums: read(level.at('tcb')),
    status: statusOf(level.at('tcbStatus'), statuses),
  }))
}

export declare namespace levels {
  type Options<Minimums> = { read: (tcb: Field) => Minimums; statuses: readonly Status[] }
}

export type IsvMinimums = { isvSvn: number }

/** The levels of an enclave or module of Intel's. */
export function isvLevels(list: Field): readonly Level<IsvMinimums>[] {
  return levels(list, { read: (tcb) => ({ isvSvn: tcb.at('isvsvn').count() }), statuses: ISV_STATUSES })
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
  return isOutOfDate(status) || isRelaunch(status)
}

function isOutOfDate(status: Status): boolean {
  return status === 'OutOfDate' || status === 'OutOfDateConfigurationNeeded'
}

function isRelaunch(status: Status): boolean {
  return status.startsWith('TDRelaunch')
}

function statusOf(field: Field, statuses: readonly Status[]): Status {
  const text = field.text()
  const status = statuses.find((known) => known === text)
  return status ?? refuse('JSON', 'TCB status', { bound: statuses.join(', '), value: text.slice(0, 80) })
}
