import { readFileSync } from 'node:fs'
import { UsageError } from './errors.ts'

/** The text of a file that an argument names. */
export function read(what: string, file: unknown): string {
  return new TextDecoder().decode(bytes(what, file))
}

export function bytes(what: string, file: unknown): Uint8Array {
  if (typeof file !== 'string') throw new UsageError(`${what} is missing; give a file.`)
  try {
    return new Uint8Array(readFileSync(file))
  } catch (cause) {
    throw new UsageError(`${what} cannot be read from ${file}.`, { cause })
  }
}
