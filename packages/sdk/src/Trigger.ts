import { type Address, type Client, getAbiItem, type Hash, type Hex, parseEventLogs } from 'viem'
import { getBlock, getLogs, readContract } from 'viem/actions'
import { TriggerRegistryAbi as abi, type Deployment } from './Deployment.ts'
import { eventIn } from './eventIn.ts'
import { pagesOfLogs } from './pagesOfLogs.ts'
import { type Config, decode, encode, encodeKey, type Key, kinds } from './TriggerConfig.ts'
import { send, type Wallet, write } from './write.ts'

/** Why a trigger does not run, in the order of the contract's enum; `none` if it does. */
export const reasons = [
  'none',
  'not found',
  'deactivated',
  'paused',
  'bad input',
  'too early',
  'too late',
  'not in schedule',
  'out of order',
  'already done',
  'bad signature',
  'unknown block',
  'bad proof',
  'other log',
  'price too high',
  'not covered',
  'too little gas',
] as const

export type Reason = (typeof reasons)[number]

/** A trigger. Times are unix seconds, amounts wei. */
export type Trigger = {
  triggerId: bigint
  agent: Address
  kind: Config['kind']
  config: Config
  state: 'active' | 'paused' | 'deactivated'
  failuresInARow: number
  /** Gas of the call, 0 for none. */
  gasLimit: bigint
  target: Address
  /** Of cron triggers: what can run now, and what comes next; undefined if nothing. */
  dueTick: bigint | undefined
  nextTick: bigint | undefined
  sponsor: Sponsor | undefined
}

/** Who pays for a trigger, and on what terms. Amounts are in wei, times unix seconds. */
export type Sponsor = {
  account: Address
  /** What is there to pay executors at once, and what could be drawn from the sponsor's ledger now. */
  balance: bigint
  refillable: bigint
  perPeriod: bigint
  maxGasPrice: bigint
  expiry: bigint
  /** From when on the sponsor may leave with the balance; undefined if it gave no notice. */
  withdrawableAt: bigint | undefined
}

const EXECUTED = getAbiItem({ abi, name: 'TriggerExecuted' })
const FAILED = getAbiItem({ abi, name: 'TriggerFailed' })

type At = { deployment: Deployment; triggerId: bigint; blockTag?: 'latest' | 'pending' }

/** The trigger with this id. */
export async function get(client: Client, options: At): Promise<Trigger> {
  const { deployment, triggerId, blockTag = 'latest' } = options
  const contract = { ...at(deployment), args: [triggerId], blockTag } as const
  const [{ config }, details] = await Promise.all([
    readContract(client, { ...contract, functionName: 'getTrigger' }),
    readContract(client, { ...contract, functionName: 'triggerDetails' }),
  ])
  const kind = kinds[details.triggerType] ?? 'cron'
  const { balance, expiry, maxGasPrice, perPeriod, refillable, sponsor } = details
  const withdrawableAt = details.withdrawableAt || undefined
  return {
    agent: details.agent,
    config: decode(kind, config),
    dueTick: details.dueTick || undefined,
    failuresInARow: Number(details.failuresInARow),
    gasLimit: details.gasLimit,
    kind,
    nextTick: details.nextTick || undefined,
    sponsor:
      BigInt(sponsor) === 0n
        ? undefined
        : { account: sponsor, balance, expiry, maxGasPrice, perPeriod, refillable, withdrawableAt },
    state: details.deactivated ? 'deactivated' : details.paused ? 'paused' : 'active',
    target: details.target,
    triggerId,
  }
}

/** Ids of an agent's triggers, or of all, newest first. `nextCursor` is undefined at the end. */
export async function list(client: Client, options: list.Options): Promise<list.Page> {
  const { agent, cursor = 0n, deployment, limit = 100n } = options
  const contract = at(deployment)
  const [triggerIds, next] =
    agent === undefined
      ? await readContract(client, { ...contract, args: [cursor, limit], functionName: 'allTriggers' })
      : await readContract(client, { ...contract, args: [agent, cursor, limit], functionName: 'triggersOf' })
  return { nextCursor: next === 0n ? undefined : next, triggerIds }
}

export declare namespace list {
  type Options = { deployment: Deployment; agent?: Address; cursor?: bigint; limit?: bigint }
  type Page = { triggerIds: readonly bigint[]; nextCursor: bigint | undefined }
}

/** How many triggers there are, ended ones included: ids run from 1 to this. */
export async function count(client: Client, options: { deployment: Deployment }): Promise<bigint> {
  return readContract(client, { ...at(options.deployment), functionName: 'triggerCount' })
}

/** Why an execution would not run now; `none` if it would. With a gas price, that is judged too. */
export async function judge(client: Client, options: judge.Options): Promise<Reason> {
  const { deployment, input, triggerId, ...when } = options
  const contract = { ...at(deployment), ...when } as const
  const [, reason] = await readContract(client, {
    ...contract,
    args: [triggerId, input],
    functionName: 'isDue',
  })
  return reasons[reason] ?? 'not found'
}

export declare namespace judge {
  type Options = At & { input: Hex }
}

/** The next `runs` ticks of a cron trigger after `after`, or after now, as the chain itself counts them. */
export async function nextTicks(client: Client, options: nextTicks.Options): Promise<readonly bigint[]> {
  const { deployment, runs = 1, triggerId } = options
  const ticks: bigint[] = []
  let from = options.after ?? (await getBlock(client)).timestamp
  while (ticks.length < runs) {
    from = await readContract(client, {
      ...at(deployment),
      args: [triggerId, from],
      functionName: 'nextTickAfter',
    })
    if (from === 0n) break
    ticks.push(from)
  }
  return ticks
}

export declare namespace nextTicks {
  type Options = { deployment: Deployment; triggerId: bigint; runs?: number; after?: bigint }
}

/** Executions of a trigger, oldest first, from `fromBlock` on: all of them, or the last `limit`. */
export async function runs(client: Client, options: runs.Options): Promise<readonly Run[]> {
  const { deployment, fromBlock = BigInt(deployment.blockNumber), limit = Infinity, triggerId } = options
  const address = deployment.triggerRegistry
  const pages = pagesOfLogs(client, { address, args: { triggerId }, event: EXECUTED, fromBlock })
  let found: Run[] = []
  for await (const logs of pages) {
    const failed = await failedAmong(client, { address, runs: logs, triggerId })
    const page = logs.map(({ args, blockNumber, transactionHash }) => {
      const { executor, key, paid } = args
      return { blockNumber, executor, hash: transactionHash, key, paid, success: !failed.has(key) }
    })
    found = [...page, ...found]
    if (found.length >= limit) break
  }
  return limit === Infinity ? found : found.slice(-limit)
}

export declare namespace runs {
  type Options = { deployment: Deployment; triggerId: bigint; fromBlock?: bigint; limit?: number }
}

type Among = { address: Address; runs: readonly { blockNumber: bigint }[]; triggerId: bigint }

/** The keys of those runs whose calls reverted; a key runs once. */
async function failedAmong(client: Client, options: Among): Promise<ReadonlySet<bigint>> {
  const { address, runs, triggerId } = options
  const [fromBlock, toBlock] = [runs[0]?.blockNumber, runs.at(-1)?.blockNumber]
  if (fromBlock === undefined || toBlock === undefined) return new Set()
  const filter = { address, args: { triggerId }, event: FAILED, fromBlock, strict: true, toBlock } as const
  const logs = await getLogs(client, filter)
  return new Set(logs.map(({ args }) => args.key))
}

/** `key` is the tick, the delivery's nonce, or the log's place. A call that reverted ran, without success. */
export type Run = {
  key: bigint
  executor: Address
  success: boolean
  paid: bigint
  blockNumber: bigint
  hash: Hash
}

/** Creates a trigger of the wallet, who is its agent. */
export async function create(wallet: Wallet, options: create.Options): Promise<create.Result> {
  const { config, deployment } = options
  const receipt = await write(wallet, {
    ...at(deployment),
    args: [kinds.indexOf(config.kind), encode(config)],
    functionName: 'createTrigger',
  })
  const { triggerId } = eventIn(receipt, { ...at(deployment), eventName: 'TriggerCreated' })
  return { hash: receipt.transactionHash, triggerId }
}

export declare namespace create {
  type Options = { deployment: Deployment; config: Config }
  type Result = { hash: Hash; triggerId: bigint }
}

/**
 * Pays for a trigger: `value` at once, and at most `perPeriod` a day drawn from the wallet's ledger if `Ledger.allow` let the
 * registry do so. Executions at a gas price above `maxGasPrice` are refused.
 */
export async function sponsor(wallet: Wallet, options: sponsor.Options): Promise<{ hash: Hash }> {
  const { deployment, expiry, maxGasPrice, perPeriod, triggerId, value } = options
  const args = [triggerId, perPeriod, maxGasPrice, expiry]
  return send(wallet, { ...at(deployment), args, functionName: 'sponsor', ...(value ? { value } : {}) })
}

export declare namespace sponsor {
  type Options = {
    deployment: Deployment
    triggerId: bigint
    perPeriod: bigint
    maxGasPrice: bigint
    /** Unix seconds. */
    expiry: bigint
    value?: bigint
  }
}

/** Adds to the balance of a trigger that the wallet sponsors. */
export async function fund(wallet: Wallet, options: fund.Options): Promise<{ hash: Hash }> {
  const { amount, deployment, triggerId } = options
  return send(wallet, { ...at(deployment), args: [triggerId], functionName: 'fund', value: amount })
}

export declare namespace fund {
  type Options = { deployment: Deployment; triggerId: bigint; amount: bigint }
}

type Own = { deployment: Deployment; triggerId: bigint }

/** Gives notice that the wallet leaves as the trigger's sponsor: ten minutes later `withdraw` pays the balance back. */
export async function requestWithdraw(
  wallet: Wallet,
  { deployment, triggerId }: Own,
): Promise<{ hash: Hash }> {
  return send(wallet, { ...at(deployment), args: [triggerId], functionName: 'requestWithdraw' })
}

/** Ends the wallet's sponsorship, of which it gave notice, and pays it the trigger's balance. */
export async function withdraw(wallet: Wallet, { deployment, triggerId }: Own): Promise<withdraw.Result> {
  const receipt = await write(wallet, { ...at(deployment), args: [triggerId], functionName: 'withdraw' })
  const [left] = parseEventLogs({ abi, eventName: 'SponsorLeft', logs: receipt.logs })
  return { hash: receipt.transactionHash, refund: left?.args.refund ?? 0n }
}

export declare namespace withdraw {
  type Result = { hash: Hash; refund: bigint }
}

/** Lets an account take the sponsor's place of a trigger of the wallet's. */
export async function inviteSponsor(wallet: Wallet, options: inviteSponsor.Options): Promise<{ hash: Hash }> {
  const { account, deployment, triggerId } = options
  return send(wallet, { ...at(deployment), args: [triggerId, account], functionName: 'inviteSponsor' })
}

export declare namespace inviteSponsor {
  type Options = Own & { account: Address }
}

/** Makes a delivery worthless that was signed for a trigger of the wallet's and did not run. */
export async function cancelNonce(wallet: Wallet, options: cancelNonce.Options): Promise<{ hash: Hash }> {
  const { deployment, nonce, triggerId } = options
  return send(wallet, { ...at(deployment), args: [triggerId, nonce], functionName: 'cancelNonce' })
}

export declare namespace cancelNonce {
  type Options = Own & { nonce: bigint }
}

/** Ends a trigger of the wallet's for ever. */
export async function deactivate(wallet: Wallet, { deployment, triggerId }: Own): Promise<{ hash: Hash }> {
  return send(wallet, { ...at(deployment), args: [triggerId], functionName: 'deactivateTrigger' })
}

/** Keeps a trigger of the wallet's from running, until `resume`. */
export async function pause(wallet: Wallet, { deployment, triggerId }: Own): Promise<{ hash: Hash }> {
  return send(wallet, { ...at(deployment), args: [triggerId], functionName: 'pauseTrigger' })
}

/** Lets a paused trigger of the wallet's run again; ticks of the pause are not made up. */
export async function resume(wallet: Wallet, { deployment, triggerId }: Own): Promise<{ hash: Hash }> {
  return send(wallet, { ...at(deployment), args: [triggerId], functionName: 'resumeTrigger' })
}

/** Gives a webhook trigger of the wallet's another key. What the old one signed and was not run is worthless. */
export async function updateKey(wallet: Wallet, options: updateKey.Options): Promise<{ hash: Hash }> {
  const { deployment, key, triggerId } = options
  const args = [triggerId, ...encodeKey(key)]
  return send(wallet, { ...at(deployment), args, functionName: 'updateKey' })
}

export declare namespace updateKey {
  type Options = Own & { key: Key }
}

function at({ triggerRegistry }: Deployment) {
  return { abi, address: triggerRegistry } as const
}
