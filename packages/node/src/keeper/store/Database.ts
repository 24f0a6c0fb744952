import { ComputeError } from '@jejunetwork/sdk'

/** The SQL that both databases speak, and where they differ. */
export type Database = {
  /**
   * Runs one statement, whole or not at all, and answers its rows. Parameters are `$1`, `$2`, …
   * Warning: it may run twice, if the connection broke before the answer came.
   */
  all<Row>(sql: string, parameters?: readonly Parameter[]): Promise<Row[]>
  dialect: {
    /** A whole number of 64 bits. */
    integer: string
    /** A primary key that counts up. */
    sequence: string
    /** Now, in milliseconds. */
    now: string
    /** Behind a SELECT: locks its rows, but for those that somebody else has locked. */
    skipLocked: string
    /** A table with one column, `value`, of the strings in a JSON array. */
    strings(parameter: string): string
  }
}

export type Parameter = string | number | null

/** The database cannot be asked; what was meant to be stored is not, as far as is known. */
export class StoreUnreachableError extends ComputeError {
  override readonly name = 'StoreUnreachableError'
  override readonly retryable = true

  constructor({ cause }: { cause: unknown }) {
    super("The keeper's database does not answer.", { cause })
  }
}

/** The database answered with an error, such as a wrong password. */
export class StoreRefusedError extends ComputeError {
  override readonly name = 'StoreRefusedError'

  constructor({ cause }: { cause: Error }) {
    super(`The keeper's database refused: ${cause.message}.`, { cause })
  }
}

/** The oldest rows of each trigger in turn, so that one with many does not keep the others' from being seen. */
export function inTurn(options: { columns: string; most: number; table: string; which: string }): string {
  const { columns, most, table, which } = options
  const turn = 'ROW_NUMBER() OVER (PARTITION BY trigger_id ORDER BY sequence) AS turn'
  return `SELECT ${columns} FROM (SELECT *, ${turn} FROM ${table} WHERE ${which}) AS turns ORDER BY turn, sequence LIMIT ${most}`
}
