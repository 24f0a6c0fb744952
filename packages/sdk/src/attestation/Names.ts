import { STATUSES } from './Tcb.ts'

/** What the contracts' enums are called, by number. */

export const TeeNames = ['none', 'sgx', 'tdx', 'sev-snp', 'nvidia'] as const
export type TeeName = (typeof TeeNames)[number]

export const IntelStatuses: readonly string[] = ['None', ...STATUSES]
