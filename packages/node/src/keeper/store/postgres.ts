import { setTimeout as delay } from 'node:timers/promises'
import { Client, DatabaseError, Pool, types } from 'pg'
import type { Log } from '../../log.ts'
import { createStore, schemaOf } from './createStore.ts'
import { type Database, type Parameter, StoreRefusedError, StoreUnreachableError } from './Database.ts'
import type { Store } from './Store.ts'

const DIALECT: Database['dialect'] = {
  integer: 'BIGINT',
  now: 'CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)',
  sequence: 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
  skipLocked: 'FOR UPDATE SKIP LOCKED',
  strings: (parameter) => `jsonb_array_elements_text(CAST(${parameter} AS jsonb))`,
}

/** Serialises the making of tables: two keepers may start at once. */
const SCHEMA_LOCK = 7_205_759_403
const PATIENCE_MS = 10_000
const RETRY_MS = 200

export type PostgresOptions = {
  /** `postgres://user:password@host:port/database` */
  url: string
  /** The tables of one chain lie in a schema of their own. */
  schema: string
  log: Log
  signal: AbortSignal
  /** How long a statement waits for a database that does not answer. */
  patienceMs?: number
}

/** The store that several keepers share. */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  const { schema, url } = options
  const settings = {
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    // A keeper whose machine died lets go of its lane within a minute.
    options: `-c search_path=${schema} -c tcp_keepalives_idle=20 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3`,
    statement_timeout: 10_000,
    types: { getTypeParser: parserOf },
  }
  const pool = new Pool({ ...settings, max: 4 })
  // An idle connection that breaks is replaced by the next statement; without a listener it would end the process.
  pool.on('error', (error) => options.log.warn('a connection to the database broke', { error }))
  const database = createDatabase(pool, options)
  try {
    await makeTables(pool, options)
  } catch (error) {
    await pool.end()
    throw error
  }
  const lanes = createLanes(() => new Client(settings), options)
  return {
    ...createStore(database),
    async close() {
      await lanes.close()
      await pool.end()
    },
    holdLane: lanes.hold,
  }
}

/** Whole numbers of 64 bits are times and nonces here: far below 2^53. */
function parserOf(type: number, format?: 'text' | 'binary') {
  return type === types.builtins.INT8 ? Number : types.getTypeParser(type, format)
}

function createDatabase(pool: Pool, options: PostgresOptions): Database {
  return {
    all: async <Row>(sql: string, parameters: readonly Parameter[] = []) =>
      patiently(options, async () => (await pool.query(sql, [...parameters])).rows as Row[]),
    dialect: DIALECT,
  }
}

async function makeTables(pool: Pool, options: PostgresOptions): Promise<void> {
  const statements = [`CREATE SCHEMA IF NOT EXISTS ${options.schema}`, ...schemaOf({ dialect: DIALECT })]
  // Several statements at once are one transaction; the lock ends with it.
  const sql = [`SELECT pg_advisory_xact_lock(${SCHEMA_LOCK})`, ...statements].join(';\n')
  await patiently(options, () => pool.query(sql))
}

/** Tries again while the database is away: it restarts, or the network between broke. */
async function patiently<T>(options: PostgresOptions, work: () => Promise<T>): Promise<T> {
  const { log, patienceMs = PATIENCE_MS, signal } = options
  const deadline = Date.now() + patienceMs
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await work()
    } catch (cause) {
      if (!isAway(cause)) throw cause instanceof DatabaseError ? new StoreRefusedError({ cause }) : cause
      if (signal.aborted || Date.now() > deadline) throw new StoreUnreachableError({ cause })
      if (isFirst) log.warn('the database does not answer', { error: cause, patienceMs, retryMs: RETRY_MS })
    }
    await delay(RETRY_MS)
  }
}

/** Classes of SQLSTATE: connection, resources, shutdown and start, serialisation. */
const AWAY = /^(08|53|57P|40)/

function isAway(error: unknown): boolean {
  if (error instanceof DatabaseError) return AWAY.test(error.code ?? '')
  const { code, message } = error as NodeJS.ErrnoException
  return /^E[A-Z]+$/.test(code ?? '') || /^(Connection terminated|timeout expired|Client has)/i.test(message)
}

/**
 * A lane is an advisory lock of a connection of its own: the database frees it the moment that the process is gone. When the
 * connection breaks it is taken anew, before anybody else can have started with this key.
 */
function createLanes(connect: () => Client, options: PostgresOptions) {
  const { log, schema, signal } = options
  const clients = new Set<Client>()
  let isClosed = false

  async function lock(lane: string): Promise<boolean> {
    const client = connect()
    client.on('error', (error) => log.warn('a connection to the database broke', { error }))
    await client.connect()
    const sql = 'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked'
    const { rows } = await client.query<{ locked: boolean }>(sql, [`${schema} ${lane.toLowerCase()}`])
    if (rows[0]?.locked !== true) {
      await client.end()
      return false
    }
    clients.add(client)
    client.on('end', () => {
      clients.delete(client)
      if (!isClosed && !signal.aborted) void retake(lane)
    })
    return true
  }

  async function retake(lane: string): Promise<void> {
    while (!isClosed && !signal.aborted) {
      try {
        if (await lock(lane)) return
        log.error('another process works with this key', { lane })
      } catch (error) {
        log.warn('the database does not answer', { error, retryMs: RETRY_MS })
      }
      await delay(RETRY_MS * 5)
    }
  }

  return {
    async close() {
      isClosed = true
      await Promise.all([...clients].map((client) => client.end()))
    },
    hold: (lane: string) => patiently(options, () => lock(lane)),
  }
}
