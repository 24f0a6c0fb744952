import { privateKeyToAccount } from 'viem/accounts'
import { serve } from './node.ts'

/** A provider's node in a process of its own, for tests that kill it: options come as JSON, its URL goes to stdout. */
const { key, ...options } = JSON.parse(process.argv[2] ?? '{}')
const node = await serve({ ...options, account: privateKeyToAccount(key) })
process.stdout.write(`${node.url}\n`)
