import { refuse } from './Refusal.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Reads JSON field by field, and refuses one that is missing or of another kind by its path. */
export type Field = {
  at(key: string): Field
  /** The field's value, or undefined where it is absent or null. */
  optional(key: string): Field | undefined
  object(): Readonly<Record<string, Json>>
  list(): readonly Field[]
  text(): string
  boolean(): boolean
  /** A whole number from 0 to 2^53 - 1. */
  count(): number
  /** A time as Intel writes it, `2025-06-19T10:16:03Z`, in seconds. */
  time(): bigint
}

const LIMIT = 1024 * 1024

/** Reads at most 1 MiB of JSON. Throws a `RefusedError`, as its fields do where they are not what is asked for. */
export function parse(text: string, subject: string): Field {
  if (text.length > LIMIT) {
    refuse('SIZE', `${subject}'s length`, { bound: `at most ${LIMIT} characters`, value: text.length })
  }
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error
    return refuse('JSON', subject, { bound: 'JSON', value: error.message })
  }
  return of(value, subject)
}

/** Reads what was parsed elsewhere. */
export function of(value: unknown, subject: string): Field {
  return field(value as Json | undefined, subject)
}

function field(value: Json | undefined, path: string): Field {
  const wrong = (bound: string): never => refuse('JSON', path, { bound, value: kindOf(value) })
  const object = (): Readonly<Record<string, Json>> => {
    if (typeof value !== 'object' || value === null || isList(value)) return wrong('an object')
    return value
  }
  const get = (key: string): Json | undefined => {
    const fields = object()
    return Object.hasOwn(fields, key) ? fields[key] : undefined
  }
  return {
    at: (key) => field(get(key), `${path}.${key}`),
    boolean: () => (typeof value === 'boolean' ? value : wrong('true or false')),
    count: () =>
      typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : wrong('a count'),
    list: () =>
      isList(value) ? value.map((item, index) => field(item, `${path}[${index}]`)) : wrong('a list'),
    object,
    optional: (key) => {
      const found = get(key)
      return found === undefined || found === null ? undefined : field(found, `${path}.${key}`)
    },
    text: () => (typeof value === 'string' ? value : wrong('a string')),
    time: () => {
      const iso =
        typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) ? value : wrong('a time')
      const milliseconds = Date.parse(iso)
      return Number.isNaN(milliseconds) ? wrong('a time that exists') : BigInt(milliseconds) / 1000n
    },
  }
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

function kindOf(value: Json | undefined): string {
  if (value === undefined) return 'missing'
  // A stranger nests them as deep as he likes, deeper than they can be written out again.
  if (isList(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  return JSON.stringify(value).slice(0, 80)
}
