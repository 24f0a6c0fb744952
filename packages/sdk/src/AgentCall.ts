import {
  type Address,
  bytesToHex,
  type Client,
  decodeFunctionData,
  encodeAbiParameters,
  type Hash,
  type Hex,
  isAddressEqual,
  keccak256,
  type LocalAccount,
  parseEventLogs,
  recoverTypedDataAddress,
  stringToBytes,
  type TypedDataDefinition,
} from 'viem'
import { getBlock, getTransaction, getTransactionReceipt } from 'viem/actions'
import { TriggerRegistryAbi as abi, type Deployment } from './Deployment.ts'
import { ComputeError } from './Errors.ts'
import * as LogPlace from './LogPlace.ts'
import * as Trigger from './Trigger.ts'
import { kinds } from './TriggerConfig.ts'
import * as TriggerInput from './TriggerInput.ts'

/** What an agent hears over HTTP when a trigger without a call ran on chain. */
export type AgentCall = {
  triggerId: bigint
  kind: Trigger.Trigger['kind']
  agent: Address
  /** Tick, nonce, or the log's place. With the trigger it names the call: a second one with both is the same again. */
  key: bigint
  /** As `onTrigger` would get it: nothing, the delivery's payload or hash, or the log. */
  payload: Hex
  /** The transaction that ran the trigger, and the time of its block. */
  transaction: Hash
  time: bigint
}

/** How old a signature may be, and how far ahead; each attempt is signed anew. */
const TOLERANCE_SECONDS = 300

type On = { deployment: Deployment }

/** The body of a call. */
export function encode(call: AgentCall, { deployment }: On): string {
  const { agent, kind, payload, transaction } = call
  const { chainId, triggerRegistry: registry } = deployment
  const [key, time, trigger] = [call.key, call.time, call.triggerId].map(String)
  return JSON.stringify({ agent, chainId, key, kind, payload, registry, time, transaction, trigger })
}

/** The headers of an attempt at a call, signed by the keeper that makes it. */
export async function sign(account: LocalAccount, options: sign.Options): Promise<Record<string, string>> {
  const { body, call, deployment, timestamp } = options
  const signature = await account.signTypedData(typedDataOf({ ...call, body, timestamp }, { deployment }))
  return {
    'content-type': 'application/json',
    'idempotency-key': idOf(call),
    'jeju-signature': signature,
    'jeju-timestamp': String(timestamp),
  }
}

export declare namespace sign {
  type Options = On & { call: Pick<AgentCall, 'triggerId' | 'key'>; body: string; timestamp: bigint }
}

/** The name of a call, the same through all attempts and whoever makes them. */
export function idOf({ key, triggerId }: Pick<AgentCall, 'triggerId' | 'key'>): string {
  return `${triggerId}-${key}`
}

/**
 * The call that a request makes, if it is authentic; else an `AgentCallError`. Whom to believe is the agent's choice: with `client`
 * the chain alone, which is asked whether that trigger of the agent's ran for that; with `keepers` those keepers, whose word it then
 * is. Warning: the same call may come more than once; do what it asks for once for each `AgentCall.idOf`.
 */
export async function verify(request: verify.Request, options: verify.Options): Promise<verify.Result> {
  const { agent, client, deployment, keepers, now = Math.floor(Date.now() / 1000) } = options
  const body = typeof request.body === 'string' ? stringToBytes(request.body) : request.body
  const [timestamp, signature] = ['jeju-timestamp', 'jeju-signature'].map((name) => headerOf(request, name))
  if (!/^\d{1,12}$/.test(timestamp ?? '') || !/^0x[0-9a-f]{130}$/i.test(signature ?? ''))
    throw new AgentCallError('Headers jeju-timestamp and jeju-signature are needed, as a keeper sends them.')
  if (Math.abs(Number(timestamp) - now) > TOLERANCE_SECONDS)
    throw new AgentCallError(`The call was signed at ${timestamp}, which is not within 5 minutes of ${now}.`)
  const call = parse(body, { deployment })
  if (!isAddressEqual(call.agent, agent))
    throw new AgentCallError(`The call is for agent ${call.agent}; this one is ${agent}.`)

  const typed = typedDataOf({ ...call, body, timestamp: BigInt(timestamp ?? 0) }, { deployment })
  const keeper = await recoverTypedDataAddress({ ...typed, signature: signature as Hex }).catch(
    () => undefined,
  )
  if (keeper === undefined) throw new AgentCallError('The signature of the call is not valid.')
  if (keepers !== undefined && !keepers.some((known) => isAddressEqual(known, keeper)))
    throw new AgentCallError(
      `The call is signed by ${keeper}, which is none of the keepers that are believed here.`,
    )
  if (client !== undefined) await confirm(client, { body, call, deployment })
  return { ...call, keeper }
}

export declare namespace verify {
  type Request = {
    /** As they came, names in lower case; or a `Headers`. */
    headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>
    /** As it came, before anything parsed it. */
    body: string | Uint8Array
  }
  type Options = On & {
    agent: Address
    /** Unix seconds; now unless given. */
    now?: number
  } & ({ client: Client; keepers?: readonly Address[] } | { client?: never; keepers: readonly Address[] })
  type Result = AgentCall & { keeper: Address }
}

/** The call that a transaction gives rise to, from what the chain says alone; undefined if it did not run that. */
export async function find(client: Client, options: find.Options): Promise<AgentCall | undefined> {
  const { deployment, key, transaction, triggerId } = options
  const receipt = await getTransactionReceipt(client, { hash: transaction })
  const ran = parseEventLogs({ abi, eventName: 'TriggerExecuted', logs: receipt.logs }).some(
    ({ address, args }) =>
      isAddressEqual(address, deployment.triggerRegistry) && args.triggerId === triggerId && args.key === key,
  )
  if (!ran) return undefined
  const { agent, config, kind } = await Trigger.get(client, { deployment, triggerId })
  if (config.kind === 'event' && config.otherChain !== undefined)
    throw new AgentCallError('Logs of other chains reach an agent by its call on chain alone.')
  const { timestamp: time } = await getBlock(client, { blockHash: receipt.blockHash })
  const payload = await payloadOf(client, { deployment, key, kind, transaction, triggerId })
  return { agent, key, kind, payload, time, transaction, triggerId }
}

export declare namespace find {
  type Options = On & { transaction: Hash; triggerId: bigint; key: bigint }
}

/** A call over HTTP that is not what it says. Answer it with 401. */
export class AgentCallError extends ComputeError {
  override readonly name = 'AgentCallError'
}

type Place = find.Options & { kind: AgentCall['kind'] }

async function payloadOf(
  client: Client,
  { deployment, key, kind, transaction, triggerId }: Place,
): Promise<Hex> {
  if (kind === 'cron') return '0x'
  if (kind === 'event') return logAt(client, key)
  const { input, to } = await getTransaction(client, { hash: transaction })
  const isDirect = to !== null && isAddressEqual(to, deployment.triggerRegistry)
  const deliveries = (isDirect ? inputsIn(input, triggerId) : []).map((one) =>
    TriggerInput.parse('webhook', one),
  )
  const delivery = deliveries.find((one) => 'nonce' in one && one.nonce === key)
  if (delivery !== undefined && 'payload' in delivery) return delivery.payload
  throw new AgentCallError(`Transaction ${transaction} does not show what it delivered.`)
}

/** What a transaction to the registry asks for one trigger. */
function inputsIn(data: Hex, triggerId: bigint): readonly Hex[] {
  const { args, functionName } = decodeFunctionData({ abi, data })
  if (functionName === 'executeTrigger') return args[0] === triggerId ? [args[1]] : []
  if (functionName !== 'executeMany') return []
  const [triggerIds, inputs] = args
  // the last input is for all triggers that follow
  const inputOf = (index: number) => inputs[index] ?? inputs.at(-1) ?? '0x'
  return triggerIds.flatMap((id, index) => (id === triggerId ? [inputOf(index)] : []))
}

/** The log that a key names, as the registry hands it to agents. */
async function logAt(client: Client, key: bigint): Promise<Hex> {
  const { logIndex, number: blockNumber, transactionIndex } = LogPlace.ofKey(key)
  const { transactions } = await getBlock(client, { blockNumber })
  const hash = transactions[transactionIndex]
  const log = hash && (await getTransactionReceipt(client, { hash })).logs[logIndex]
  if (!log) throw new AgentCallError(`There is no log at ${key}.`)
  return encodeAbiParameters(LOG, [log.address, log.topics, log.data])
}

const LOG = [{ type: 'address' }, { type: 'bytes32[]' }, { type: 'bytes' }] as const

async function confirm(
  client: Client,
  { body, call, deployment }: On & { body: Uint8Array; call: AgentCall },
) {
  const found = await find(client, { ...call, deployment })
  if (found === undefined)
    throw new AgentCallError(
      `Trigger ${call.triggerId} did not run for ${call.key} in transaction ${call.transaction}.`,
    )
  if (bytesToHex(body) !== bytesToHex(stringToBytes(encode(found, { deployment }))))
    throw new AgentCallError('The call says something else than the chain.')
}

function parse(body: Uint8Array, { deployment }: On): AgentCall {
  let fields: Record<string, unknown>
  try {
    fields = JSON.parse(new TextDecoder().decode(body))
  } catch (cause) {
    throw new AgentCallError('The body of a call is JSON.', { cause })
  }
  const { agent, chainId, key, kind, payload, registry, time, transaction, trigger } = fields ?? {}
  const isOurs =
    chainId === deployment.chainId &&
    isHex(registry, 20) &&
    isAddressEqual(registry, deployment.triggerRegistry)
  if (!isOurs)
    throw new AgentCallError(`The call is of another registry; this one is ${deployment.triggerRegistry}.`)
  const known = kinds.find((one) => one === kind)
  if (
    !isHex(agent, 20) ||
    !isHex(payload) ||
    !isHex(transaction, 32) ||
    known === undefined ||
    ![key, time, trigger].every(isWhole)
  )
    throw new AgentCallError(
      'The body of a call has agent, kind, payload, transaction, key, time and trigger.',
    )
  const [number, seconds, triggerId] = [key, time, trigger].map((text) => BigInt(String(text))) as [
    bigint,
    bigint,
    bigint,
  ]
  return { agent, key: number, kind: known, payload, time: seconds, transaction, triggerId }
}

const isWhole = (value: unknown) => typeof value === 'string' && /^\d{1,78}$/.test(value)

function isHex(value: unknown, bytes?: number): value is Hex {
  if (typeof value !== 'string' || !/^0x([0-9a-f]{2})*$/i.test(value)) return false
  return bytes === undefined || value.length === 2 + 2 * bytes
}

function headerOf({ headers }: verify.Request, name: string): string | undefined {
  const value = headers instanceof Headers ? headers.get(name) : headers[name]
  return typeof value === 'string' ? value : undefined
}

type Signed = { triggerId: bigint; key: bigint; timestamp: bigint; body: string | Uint8Array }

function typedDataOf({ body, key, timestamp, triggerId }: Signed, { deployment }: On): TypedDataDefinition {
  const bodyHash = keccak256(typeof body === 'string' ? stringToBytes(body) : body)
  return {
    domain: TriggerInput.domainOf({ deployment }),
    message: { bodyHash, key, timestamp, triggerId },
    primaryType: 'AgentCall',
    types: {
      AgentCall: [
        { name: 'triggerId', type: 'uint256' },
        { name: 'key', type: 'uint256' },
        { name: 'timestamp', type: 'uint64' },
        { name: 'bodyHash', type: 'bytes32' },
      ],
    },
  }
}
