import {
  abis,
  ComputeError,
  ContractRevertedError,
  isTooPoor,
  isUnreachable,
  revertOf,
  WalletTooPoorError,
} from '@jejunetwork/sdk'
import {
  type Abi,
  type Address,
  encodeFunctionData,
  type Hash,
  type Hex,
  keccak256,
  type LocalAccount,
  type PublicClient,
  parseTransaction,
  type TransactionReceipt,
  TransactionReceiptNotFoundError,
} from 'viem'
import type { Log } from './log.ts'
import { idle } from './loop.ts'
import { least } from './money.ts'

/**
 * One account's lane of transactions: one at a time, in the order asked for. Only one lane per account may be
 * open at a time; a wallet that also sends by hand is noticed and given way.
 */
export type Sender = {
  readonly address: Address
  /**
   * Sends one call and waits until it is mined. Refused by the contract: `ContractRevertedError`, nothing sent where
   * that can be known before. A lost RPC is waited for; what was signed is never signed again under another nonce
   * while it may still be mined.
   */
  write(call: Sender.Call): Promise<TransactionReceipt>
  /** The same, with a call that is made when all before it are mined; nothing is sent if there is none. */
  writeWhenFree(make: () => Promise<Sender.Call | undefined>): Promise<TransactionReceipt | undefined>
  /** How many calls are asked for and not over. */
  readonly depth: number
}

export declare namespace Sender {
  type Call = {
    address: Address
    abi: Abi | readonly unknown[]
    functionName: string
    args?: readonly unknown[]
    value?: bigint
    /** Estimated unless given. Give it where a call does less with less gas instead of failing. */
    gas?: bigint
    /** What a unit of gas may cost at most, however long it takes. */
    most?: Fees
  }
}

/** What a lane remembers through a crash, so that the next life sends the same bytes and not the same call again. */
export type Outbox = {
  /** What was signed and may still be mined, in the order of nonces, then of signing. */
  open(): Promise<readonly Outbox.Entry[]>
  /** Durable when it resolves; the bytes leave the house only then. */
  put(entry: Outbox.Entry): Promise<void>
  /** A transaction with this nonce is mined. */
  close(nonce: number): Promise<void>
}

export declare namespace Outbox {
  type Entry = { nonce: number; signed: Hex; most: Fees | undefined }
}

/** Opens an account's lane. What an earlier life of it signed and may still be mined goes first. */
export function createSender(options: createSender.Options): Sender {
  const lane: Lane = { abis, stuckMs: 30_000, ...options }
  let last: Promise<unknown> = resume(lane)
  last.catch(() => {})
  let depth = 0
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    depth++
    const done = last.then(work).finally(() => depth--)
    last = done.catch(() => {})
    return done
  }
  return {
    address: options.account.address,
    get depth() {
      return depth
    },
    write: (call) => inTurn(() => send(lane, call)),
    writeWhenFree: (make) =>
      inTurn(async () => {
        const call = await make()
        return call && send(lane, call)
      }),
  }
}

export declare namespace createSender {
  type Options = {
    client: PublicClient
    account: LocalAccount
    log: Log
    signal: AbortSignal
    /** ABIs whose errors may come from further down a call; the house's own unless given. */
    abis?: readonly Abi[]
    /** A transaction not mined by then gets a higher fee. */
    stuckMs?: number
    outbox?: Outbox
  }
}

type Lane = createSender.Options & { abis: readonly Abi[]; stuckMs: number; next?: number }
/** What a unit of gas may cost, in wei. */
export type Fees = { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }
type Draft = { to: Address; data: Hex; value: bigint; gas: bigint; nonce: number; chainId: number }

async function send(lane: Lane, call: Sender.Call): Promise<TransactionReceipt> {
  for (;;) {
    const draft = await prepare(lane, call)
    const fees = await ask(lane, () => lane.client.estimateFeesPerGas())
    const { most } = call
    const receipt = await settle(lane, { draft, fees, functionName: call.functionName, most })
    if (receipt?.status === 'reverted') throw await explain(lane, { call, receipt })
    if (receipt !== undefined) return receipt
    lane.log.warn('nonce used by another sender of this account', { nonce: draft.nonce })
  }
}

/** Brings to an end what an earlier life of this lane signed. */
async function resume(lane: Lane): Promise<void> {
  const entries = await recall(lane)
  for (const nonce of new Set(entries.map((entry) => entry.nonce))) {
    const [first, ...later] = entries.filter((entry) => entry.nonce === nonce)
    if (first === undefined) continue
    const { account, client, log } = lane
    const pending = await ask(lane, () =>
      client.getTransactionCount({ address: account.address, blockTag: 'pending' }),
    )
    if (nonce > pending) {
      // Warning: what came before it was reorganised away or the chain was reset; it would wait for ever.
      log.warn('a transaction of an earlier life is given up', { nonce, pending })
      await forget(lane, nonce)
      continue
    }
    const { draft, fees } = read(first.signed)
    const signed = [first, ...later].map((entry) => entry.signed)
    log.info('sending again what was signed before', { hash: keccak256(signed.at(-1) ?? '0x'), nonce })
    await settle(lane, { draft, fees, functionName: 'the call', most: first.most, signed })
  }
}

function read(signed: Hex): { draft: Draft; fees: Fees } {
  const { chainId = 0, data = '0x', gas = 0n, nonce = 0, to, value = 0n, ...rest } = parseTransaction(signed)
  if (!to) throw new Error('A lane creates no contracts.')
  const { maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = rest
  return { draft: { chainId, data, gas, nonce, to, value }, fees: { maxFeePerGas, maxPriorityFeePerGas } }
}

async function prepare(lane: Lane, call: Sender.Call): Promise<Draft> {
  const { client } = lane
  const nonce = await nextNonce(lane)
  const data = encodeFunctionData({
    abi: call.abi as Abi,
    args: call.args ?? [],
    functionName: call.functionName,
  })
  const gas = call.gas ?? (await estimate(lane, call))
  const chainId = client.chain?.id ?? (await ask(lane, () => client.getChainId()))
  return { chainId, data, gas, nonce, to: call.address, value: call.value ?? 0n }
}

async function estimate(lane: Lane, call: Sender.Call): Promise<bigint> {
  const { account, client } = lane
  try {
    const gas = await ask(lane, () => client.estimateContractGas(contractCall(call, account.address)))
    return (gas * 5n) / 4n
  } catch (error) {
    throw refusal(lane, { error, functionName: call.functionName })
  }
}

/** The lane's next nonce. What an earlier life of this lane left in the pool is waited for first. */
async function nextNonce(lane: Lane): Promise<number> {
  const { account, client, next, stuckMs } = lane
  const count = (blockTag: 'pending' | 'latest') =>
    ask(lane, () => client.getTransactionCount({ address: account.address, blockTag }))

  const start = Date.now()
  const patienceMs = next === undefined ? stuckMs : Math.min(stuckMs, 2_000 + 10 * client.pollingInterval)
  for (const pause of pauses(client.pollingInterval)) {
    const [latest, pending] = [await count('latest'), await count('pending')]
    const settled = next === undefined ? pending === latest : pending >= next
    // Warning: a chain that stays behind `next` was reorganised or reset. A gap would block the lane for ever.
    if (settled || Date.now() - start > patienceMs) return pending
    await idle(pause, lane.signal)
  }
  throw lane.signal.reason
}

/** A stuck transaction is never worth more than this many times the fee of now. */
const MOST_RAISE = 10n

type Settling = {
  draft: Draft
  fees: Fees
  functionName: string
  most: Fees | undefined
  /** What was signed for it before, cheapest first. */
  signed?: readonly Hex[]
}

/** Signs, sends, and watches until mined, raising the fee when stuck. Undefined: another transaction took the nonce. */
async function settle(lane: Lane, settling: Settling): Promise<TransactionReceipt | undefined> {
  const { draft, fees, functionName, most, signed: earlier = [] } = settling
  const hashes: Hash[] = earlier.map((signed) => keccak256(signed))
  for (let attempt = 0; ; attempt++) {
    // Warning: a chain that stands still, or an RPC that keeps transactions to itself, must not raise the fee to all there is.
    const now = attempt === 0 ? fees : await ask(lane, () => lane.client.estimateFeesPerGas())
    const price = cap(cap(raise(fees, attempt), ceilingAt(now)), most)
    const signed =
      earlier[attempt] ?? (await lane.account.signTransaction({ ...draft, ...price, type: 'eip1559' }))
    await ask(lane, async () => lane.outbox?.put({ most, nonce: draft.nonce, signed }))
    const refused = await broadcast(lane, signed)
    if (refused !== undefined && hashes.length === 0 && !isCheap(refused)) {
      await forget(lane, draft.nonce)
      throw refusal(lane, { error: refused, functionName })
    }
    const hash = keccak256(signed)
    if (refused === undefined && !hashes.includes(hash)) hashes.push(hash)
    else if (refused !== undefined)
      lane.log.warn('transaction not taken by the pool', { error: refused, nonce: draft.nonce })

    const outcome = await watch(lane, { hashes, nonce: draft.nonce, signed })
    if (outcome === 'stuck') {
      lane.log.warn('transaction not mined yet, raising its fee', { attempt, nonce: draft.nonce })
      continue
    }
    lane.next = draft.nonce + 1
    await forget(lane, draft.nonce)
    return outcome === 'taken' ? undefined : outcome
  }
}

/** Hands a signed transaction over. The same bytes may arrive twice: it is one transaction. Answers a refusal. */
async function broadcast(lane: Lane, signed: Hex): Promise<unknown> {
  const inFlight = /already known|already imported|known transaction|nonce too low|nonce is lower/i
  try {
    await ask(lane, () => lane.client.sendRawTransaction({ serializedTransaction: signed }))
    return undefined
  } catch (error) {
    if (inFlight.test(String(error))) return undefined
    return error
  }
}

/** Whether a transaction was refused for its fee alone. */
function isCheap(error: unknown): boolean {
  return /underpriced|less than block base fee|fee too low/i.test(String(error))
}

async function watch(
  lane: Lane,
  { hashes, nonce, signed }: { hashes: readonly Hash[]; nonce: number; signed: Hex },
): Promise<TransactionReceipt | 'stuck' | 'taken'> {
  const { account, client, signal, stuckMs } = lane
  const deadline = Date.now() + stuckMs
  let misses = 0
  for (const pause of pauses(client.pollingInterval)) {
    for (const hash of hashes) {
      const receipt = await ask(lane, () => receiptOf(client, hash))
      if (receipt !== undefined) return receipt
    }

    // A balanced RPC may count a block before it shows its receipts: believe it the third time.
    const mined = await ask(lane, () => client.getTransactionCount({ address: account.address }))
    misses = mined > nonce ? misses + 1 : 0
    if (misses === 3) return 'taken'
    if (misses === 0 && pause === client.pollingInterval) await remind(lane, { nonce, signed })
    if (hashes.length === 0 || Date.now() > deadline) return 'stuck'
    await idle(pause, signal)
    signal.throwIfAborted()
  }
  throw signal.reason
}

/** Hands the same bytes over again if the node forgot them: a pool drops what is cheap, a reorganisation what was mined. */
async function remind(lane: Lane, { nonce, signed }: { nonce: number; signed: Hex }): Promise<void> {
  const { account, client, log } = lane
  const { address } = account
  const pending = await ask(lane, () => client.getTransactionCount({ address, blockTag: 'pending' }))
  if (pending > nonce) return
  log.info('the node forgot a transaction; it is sent again', { nonce })
  await broadcast(lane, signed)
}

async function receiptOf(client: PublicClient, hash: Hash): Promise<TransactionReceipt | undefined> {
  try {
    return await client.getTransactionReceipt({ hash })
  } catch (error) {
    if (error instanceof TransactionReceiptNotFoundError) return undefined
    throw error
  }
}

async function explain(
  lane: Lane,
  { call, receipt }: { call: Sender.Call; receipt: TransactionReceipt },
): Promise<Error> {
  const replay = { ...contractCall(call, lane.account.address), blockNumber: receipt.blockNumber }
  const error = await ask(lane, () => lane.client.simulateContract(replay)).catch((thrown: unknown) => thrown)
  const known = revertOf(error, { abis: lane.abis, functionName: call.functionName })
  return known ?? new ContractRevertedError({ functionName: call.functionName })
}

function refusal(lane: Lane, { error, functionName }: { error: unknown; functionName: string }): unknown {
  if (isTooPoor(error)) {
    return new WalletTooPoorError({ address: lane.account.address, cause: error, functionName })
  }
  return revertOf(error, { abis: lane.abis, functionName }) ?? error
}

const recall = (lane: Lane) => ask(lane, async () => (await lane.outbox?.open()) ?? [])
const forget = (lane: Lane, nonce: number) => ask(lane, async () => lane.outbox?.close(nonce))

/** Asks the chain, or the outbox, until it answers. */
async function ask<T>(lane: Lane, question: () => Promise<T>): Promise<T> {
  for (let pause = 250; ; pause = Math.min(pause * 2, 5_000)) {
    lane.signal.throwIfAborted()
    try {
      return await question()
    } catch (error) {
      const isAway = error instanceof ComputeError && error.retryable
      if (!isAway && !isUnreachable(error)) throw error
      lane.log.warn(isAway ? error.message : 'the chain does not answer', { error, retryMs: pause })
    }
    await idle(pause, lane.signal)
  }
}

function contractCall(call: Sender.Call, account: Address) {
  const { abi, address, args = [], functionName, value } = call
  return { abi: abi as Abi, account, address, args, functionName, ...(value === undefined ? {} : { value }) }
}

function raise(fees: Fees, attempt: number): Fees {
  const up = (fee: bigint) => (fee * 5n ** BigInt(attempt)) / 4n ** BigInt(attempt) + BigInt(attempt)
  return { maxFeePerGas: up(fees.maxFeePerGas), maxPriorityFeePerGas: up(fees.maxPriorityFeePerGas) }
}

/** The tip may be all of it: where none is asked for, a multiple of it would be none. */
function ceilingAt({ maxFeePerGas }: Fees): Fees {
  const most = maxFeePerGas * MOST_RAISE
  return { maxFeePerGas: most, maxPriorityFeePerGas: most }
}

function cap(fees: Fees, most: Fees | undefined): Fees {
  if (most === undefined) return fees
  return {
    maxFeePerGas: least(fees.maxFeePerGas, most.maxFeePerGas),
    maxPriorityFeePerGas: least(
      least(fees.maxPriorityFeePerGas, most.maxPriorityFeePerGas),
      most.maxFeePerGas,
    ),
  }
}

/** Short waits first: most transactions are mined at once, or by the next block. */
function* pauses(longest: number): Generator<number> {
  for (let pause = 25; ; pause = Math.min(pause * 2, longest)) yield pause
}
