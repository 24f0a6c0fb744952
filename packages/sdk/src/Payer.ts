import type { Hex } from 'viem'
import { type ChannelState, channelState } from './channelState.ts'
import { isFrom, type Payee, type SessionKey, sign, tallyOf } from './Voucher.ts'

/** Pays for one channel as text arrives. Several requests may share it; so may several processes with the same key. */
export type Payer = {
  readonly key: SessionKey
  readonly payee: Payee
  readonly url: string
  readonly fetch: typeof fetch
  readonly onPayment: ((payment: Payer.Payment) => void) | undefined
  window: { tokens: number; ms: number }
  epoch: number
  /** What was in the channel on chain, in all its life, when it was last looked at. */
  deposit: bigint
  /** What the last known voucher says, ours or another process's. */
  paid: bigint
  paidTokens: bigint
  voucher: Hex | undefined
  /** Received and not signed for yet. */
  due: bigint
  dueTokens: bigint
  /** What the provider asks for in all: never sign for more. */
  asked: bigint
  /** How much of a debt not on our books we accept: text that was on the way when a stream broke. */
  allowance: bigint
  active: number
  /** The provider's books must be read before the next request. */
  stale: boolean
  pushing: Promise<void> | undefined
  timer: ReturnType<typeof setTimeout> | undefined
}

export declare namespace Payer {
  /** A voucher that was signed. */
  type Payment = { amount: bigint; cumulative: bigint; tokens: bigint }
  /** What came with a piece of text. */
  type Charge = { cost: bigint; tokens: number; asked: bigint }
  type Options = {
    key: SessionKey
    payee: Payee
    url: string
    fetch: typeof fetch
    onPayment?: ((payment: Payment) => void) | undefined
  }
}

/** A payer that knows nothing yet: it reads the provider's books before its first request. */
export function createPayer({ onPayment, ...options }: Payer.Options): Payer {
  return {
    ...options,
    active: 0,
    allowance: 0n,
    asked: 0n,
    deposit: 0n,
    due: 0n,
    dueTokens: 0n,
    epoch: -1,
    onPayment,
    paid: 0n,
    paidTokens: 0n,
    pushing: undefined,
    stale: true,
    timer: undefined,
    voucher: undefined,
    window: { ms: 100, tokens: 16 },
  }
}

/**
 * Agrees with the provider's books. What it claims is paid is believed only with our own signature, and what it asks for
 * beyond our books only up to `allowance`.
 */
export async function reconcile(payer: Payer, chain: reconcile.Chain): Promise<void> {
  if (chain.epoch !== payer.epoch) startEpoch(payer, chain)

  let state = await booksOf(payer)
  await adopt(payer, { above: payer.paid, voucher: state.voucher })
  const held = state.voucher === null ? chain.claimed : tallyOf(state.voucher).cumulative
  if (payer.voucher !== undefined && payer.paid > held) {
    state = await booksOf(payer, { base: held, packed: payer.voucher })
  }

  payer.asked = BigInt(state.asked)
  // A slower rhythm than the provider's would stall; a faster one only costs signatures.
  payer.window = { ms: Math.min(state.window.ms, 100), tokens: Math.min(state.window.tokens, 16) }
  payer.stale = false
  if (payer.active > 0) return

  const arrears = payer.asked - payer.paid - payer.due
  if (arrears <= 0n || arrears > payer.allowance) return
  payer.allowance -= arrears
  payer.due += arrears
  const tokens = BigInt(state.tokens) - payer.paidTokens - payer.dueTokens
  if (tokens > 0n) payer.dueTokens += tokens
  await flush(payer)
}

export declare namespace reconcile {
  /** The channel on chain. */
  type Chain = { epoch: number; claimed: bigint; tokens: bigint }
}

/** Owes for a piece of text, and pays when enough has come together. */
export function owe(payer: Payer, { asked, cost, tokens }: Payer.Charge): void {
  payer.due += cost
  payer.dueTokens += BigInt(tokens)
  if (asked > payer.asked) payer.asked = asked

  schedule(payer)
}

/** Pays all that is due. Resolves when the provider has the voucher. */
export async function flush(payer: Payer): Promise<void> {
  while (payer.due > 0n || payer.pushing !== undefined) await start(payer)
}

/** One push runs at a time, and the next one not before a window is full or over. */
function schedule(payer: Payer): void {
  if (payer.pushing !== undefined || payer.due === 0n) return
  const run = () => void start(payer).catch(() => {})
  if (payer.dueTokens >= BigInt(payer.window.tokens)) run()
  else payer.timer ??= setTimeout(run, payer.window.ms)
}

function start(payer: Payer): Promise<void> {
  clearTimeout(payer.timer)
  payer.timer = undefined
  payer.pushing ??= push(payer).finally(() => {
    payer.pushing = undefined
    schedule(payer)
  })
  return payer.pushing
}

/** Signs for what is due, at most what is asked for. Signed is spent, whether or not the provider answers. */
async function push(payer: Payer): Promise<void> {
  const { key, payee } = payer
  const base = payer.paid
  let cumulative = base + payer.due
  if (cumulative > payer.asked) cumulative = payer.asked
  const [amount, tokens] = [payer.due, payer.dueTokens]
  payer.due = 0n
  payer.dueTokens = 0n
  if (cumulative <= base) return

  const tally = { cumulative, epoch: payer.epoch, tokens: payer.paidTokens + tokens }
  const packed = await sign(key, { payee, tally })
  payer.paid = cumulative
  payer.paidTokens = tally.tokens
  payer.voucher = packed
  payer.onPayment?.({ amount: cumulative - base, cumulative, tokens: tally.tokens })

  try {
    const state = await booksOf(payer, { base, packed })
    const asked = BigInt(state.asked)
    if (asked > payer.asked) payer.asked = asked
    if (state.accepted) return
    // Another process with this key signed meanwhile, maybe the very same: what we owe comes on top of that.
    if (await adopt(payer, { above: base, voucher: state.voucher })) {
      payer.due += amount
      payer.dueTokens += tokens
    } else payer.stale = true
  } catch (error) {
    payer.stale = true
    throw error
  }
}

/** The provider's books of the channel, after it had the voucher if there is one. */
function booksOf(
  { fetch, key, payee, url }: Payer,
  voucher?: channelState.Options['voucher'],
): Promise<ChannelState> {
  return channelState({ fetch, payee, signer: key.address, url, ...(voucher ? { voucher } : {}) })
}

/** Takes over a voucher that our key signed, here or elsewhere, if it says more than `above`. */
async function adopt(
  payer: Payer,
  { above, voucher }: { above: bigint; voucher: Hex | null },
): Promise<boolean> {
  if (voucher === null || !(await isFrom(payer.key.address, { payee: payer.payee, voucher }))) return false
  const { cumulative, epoch, tokens } = tallyOf(voucher)
  if (epoch !== payer.epoch || cumulative <= above) return false
  payer.paid = cumulative
  payer.paidTokens = tokens
  payer.voucher = voucher
  return true
}

function startEpoch(payer: Payer, { claimed, epoch, tokens }: reconcile.Chain): void {
  payer.epoch = epoch
  payer.paid = claimed
  payer.paidTokens = tokens
  payer.voucher = undefined
  payer.due = 0n
  payer.dueTokens = 0n
}
