import { type Address, type Client, type Hash, type Hex, keccak256, stringToHex, zeroAddress } from 'viem'
import { readContract } from 'viem/actions'
import { approve } from './approve.ts'
import { ComputeRentalAbi as abi, type Deployment, LedgerManagerAbi } from './Deployment.ts'
import { eventIn } from './eventIn.ts'
import * as Registry from './Registry.ts'
import { send, type Wallet, write } from './write.ts'

/** Where a session is in its life. `none`: there is no such session. */
export type Status = (typeof statuses)[number]

/** In the order of the contract's enum. */
const statuses = ['none', 'pending', 'running', 'ended', 'declined', 'cancelled'] as const

/** A rental. Times are unix seconds, amounts wei; the last three are the provider's. */
export type Session = {
  sessionId: bigint
  renter: Address
  providerId: bigint
  status: Status
  startTime: bigint
  endTime: bigint
  /** The last second in which a pending session can start; 0 once it is not pending. */
  activateBy: bigint
  pricePerHour: bigint
  deposit: bigint
  sshPublicKey: string
  accessHash: Hex
  collected: bigint
  matured: bigint
  unmatured: bigint
}

/** The session with this id. Both halves are read at one block. */
export async function get(client: Client, options: get.Options): Promise<Session> {
  const { deployment, sessionId, ...when } = options
  const contract = { ...at(deployment), args: [sessionId], ...when } as const
  const [session, details] = await Promise.all([
    readContract(client, { ...contract, functionName: 'getSession' }),
    readContract(client, { ...contract, functionName: 'sessionDetails' }),
  ])
  const { active: _, ...rest } = session
  return { ...rest, ...details, sessionId, status: statuses[details.status] ?? 'none' }
}

export declare namespace get {
  type Options = { deployment: Deployment; sessionId: bigint; blockNumber?: bigint }
}

/** Where a session is in its life. */
export async function statusOf(client: Client, options: get.Options): Promise<Status> {
  const { deployment, sessionId, ...when } = options
  const status = await readContract(client, {
    ...at(deployment),
    args: [sessionId],
    functionName: 'statusOf',
    ...when,
  })
  return statuses[status] ?? 'none'
}

/** Ids of a renter's or a provider's sessions, newest first. `nextCursor` is undefined at the end. */
export async function list(client: Client, options: list.Options): Promise<list.Page> {
  const { cursor = 0n, deployment, limit = 100n, providerId, renter, ...when } = options
  const contract = { ...at(deployment), ...when } as const
  const [sessionIds, next] =
    renter === undefined
      ? await readContract(client, {
          ...contract,
          args: [providerId, cursor, limit],
          functionName: 'sessionsAt',
        })
      : await readContract(client, { ...contract, args: [renter, cursor, limit], functionName: 'sessionsOf' })
  return { nextCursor: next === 0n ? undefined : next, sessionIds }
}

export declare namespace list {
  type Options = {
    deployment: Deployment
    cursor?: bigint | undefined
    limit?: bigint
    blockNumber?: bigint
  } & ({ renter: Address; providerId?: undefined } | { providerId: bigint; renter?: undefined })
  type Page = { sessionIds: readonly bigint[]; nextCursor: bigint | undefined }
}

/** What `hours` on a provider cost now, in wei. */
export async function quote(client: Client, options: quote.Options): Promise<bigint> {
  const { pricePerHour } = await Registry.get(client, options)
  return pricePerHour * options.hours
}

export declare namespace quote {
  type Options = { deployment: Deployment; providerId: bigint; hours: bigint }
}

/** Rents a machine, paid in advance: at the price agreed on, or at the provider's price of now. */
export async function create(wallet: Wallet, options: create.Options): Promise<create.Result> {
  const { deployment, hours, providerId, sshPublicKey } = options
  const deposit = options.deposit ?? (await quote(wallet, options))
  const receipt = await write(wallet, {
    ...at(deployment),
    args: [providerId, hours, sshPublicKey],
    functionName: 'createSession',
    value: deposit,
  })
  const { sessionId } = eventIn(receipt, { ...at(deployment), eventName: 'SessionCreated' })
  return { deposit, hash: receipt.transactionHash, sessionId }
}

export declare namespace create {
  type Options = quote.Options & {
    sshPublicKey: string
    /** What was agreed to. A provider that asks for another price meanwhile is refused by the contract. */
    deposit?: bigint
  }
  type Result = { hash: Hash; sessionId: bigint; deposit: bigint }
}

/** Adds hours to a running session at its own price. A token's contract is told first to let so much of it be taken, if it does not yet. */
export async function extend(wallet: Wallet, options: extend.Options): Promise<extend.Result> {
  const { deployment, hours, sessionId } = options
  const [{ pricePerHour }, token] = await Promise.all([
    get(wallet, { deployment, sessionId }),
    tokenOf(wallet, { deployment, sessionId }),
  ])
  const price = pricePerHour * hours
  await letTake(wallet, { amount: price, deployment, token })
  const receipt = await write(wallet, {
    ...at(deployment),
    args: [sessionId, hours],
    functionName: 'extendSession',
    value: token === zeroAddress ? price : 0n,
  })
  const { endTime } = eventIn(receipt, { ...at(deployment), eventName: 'SessionExtended' })
  return { endTime, hash: receipt.transactionHash, paid: price }
}

export declare namespace extend {
  type Options = { deployment: Deployment; sessionId: bigint; hours: bigint }
  type Result = { hash: Hash; endTime: bigint; paid: bigint }
}

/** Ends a session; what the renter has not used is refunded. */
export async function terminate(wallet: Wallet, options: terminate.Options): Promise<terminate.Result> {
  const { deployment, sessionId } = options
  const receipt = await write(wallet, {
    ...at(deployment),
    args: [sessionId],
    functionName: 'terminateSession',
  })
  const { earned, refund } = eventIn(receipt, { ...at(deployment), eventName: 'SessionTerminated' })
  return { earned, hash: receipt.transactionHash, refund }
}

export declare namespace terminate {
  type Options = { deployment: Deployment; sessionId: bigint }
  type Result = { hash: Hash; earned: bigint; refund: bigint }
}

/** The token that a session is paid in; the zero address for ether. */
export async function tokenOf(client: Client, { deployment, sessionId }: get.Options): Promise<Address> {
  const { token } = await readContract(client, {
    ...at(deployment),
    args: [sessionId],
    functionName: 'orderOf',
  })
  return token
}

/**
 * What a dispute is about to cost: the pay in question and the bond, a fifth of it, which a session that runs raises each
 * second. `most` is the bond ten minutes from now, the least that a session is paid for.
 */
export async function quoteDispute(client: Client, options: get.Options): Promise<quoteDispute.Quote> {
  const [{ pricePerHour, renter, status, unmatured: held }, token] = await Promise.all([
    get(client, options),
    tokenOf(client, options),
  ])
  const most = fifth(status === 'running' ? held + pricePerHour / 6n : held)
  const payment = { account: renter, amount: most, deployment: options.deployment, token }
  return { bond: fifth(held), fromWallet: await fromWallet(client, payment), held, most, token }
}

export declare namespace quoteDispute {
  /** In `token`, 0 being ether. Of `most`, `fromWallet` is what the contract takes from the renter's wallet by its approval. */
  type Quote = { held: bigint; bond: bigint; most: bigint; fromWallet: bigint; token: Address }
}

/**
 * What of a payment in tokens the contract takes from an account's wallet, by its approval: what it may not draw from the ledger
 * first. Nothing of ether, which goes with the call.
 */
export async function fromWallet(client: Client, options: fromWallet.Options): Promise<bigint> {
  const { account, amount, deployment, token } = options
  if (token === zeroAddress) return 0n
  const ledger = { abi: LedgerManagerAbi, address: deployment.ledgerManager } as const
  const rental = deployment.computeRental
  const [allowed, held] = await Promise.all([
    readContract(client, { ...ledger, args: [account, rental, token], functionName: 'allowanceOf' }),
    readContract(client, { ...ledger, args: [account, token], functionName: 'getTokenBalance' }),
  ])
  return amount - least(amount, least(allowed, held))
}

export declare namespace fromWallet {
  type Options = { account: Address; amount: bigint; deployment: Deployment; token: Address }
}

/** Approves what the contract is about to take of the wallet's tokens, unless it may take that already. */
async function letTake(wallet: Wallet, options: Omit<fromWallet.Options, 'account'>): Promise<void> {
  const { deployment, token } = options
  const amount = await fromWallet(wallet, { ...options, account: wallet.account.address })
  if (amount > 0n) await approve(wallet, { amount, spender: deployment.computeRental, token })
}

/**
 * Ends a session, if it still runs, and puts its unmatured pay before the guardians. A bond in ether goes with it; for one in a
 * token the contract is approved to take what it takes at most, unless it may already.
 */
export async function dispute(wallet: Wallet, options: dispute.Options): Promise<dispute.Result> {
  const { deployment, sessionId } = options
  const quote = await quoteDispute(wallet, { deployment, sessionId })
  const { most = quote.most } = options
  const { token } = quote
  await letTake(wallet, { amount: most, deployment, token })
  const receipt = await write(wallet, {
    ...at(deployment),
    args: [sessionId],
    functionName: 'dispute',
    value: token === zeroAddress ? most : 0n,
  })
  const { bond, held, refund } = eventIn(receipt, { ...at(deployment), eventName: 'SessionDisputed' })
  return { bond, hash: receipt.transactionHash, held, refund, token }
}

export declare namespace dispute {
  type Options = {
    deployment: Deployment
    sessionId: bigint
    /** What was agreed to, of a quote. A bond above that is refused by the contract. */
    most?: bigint
  }
  type Result = { hash: Hash; held: bigint; bond: bigint; refund: bigint; token: Address }
}

/** Rates a session's provider with 1 to 5, as its renter, in place of what he said before. Takes a user's stake. */
export async function rate(wallet: Wallet, options: rate.Options): Promise<{ hash: Hash }> {
  const { deployment, score, sessionId } = options
  return send(wallet, { ...at(deployment), args: [sessionId, score], functionName: 'rate' })
}

export declare namespace rate {
  type Options = { deployment: Deployment; sessionId: bigint; score: number }
}

const least = (a: bigint, b: bigint) => (a < b ? a : b)
const fifth = (amount: bigint) => (amount + 4n) / 5n

/**
 * What a provider commits to on chain when a machine is ready: the keccak-256 hash of `<host> <port> <host key>`, each
 * as `GET /v1/sessions/:id` gives them. Whoever stands between renter and provider cannot swap the host key unseen.
 */
export function accessHash(options: accessHash.Options): Hex {
  const { host, hostKey, port } = options
  return keccak256(stringToHex(`${host} ${port} ${hostKey}`))
}

export declare namespace accessHash {
  /** `hostKey` as in `known_hosts`: its type, a space, and base64. */
  type Options = { host: string; port: number; hostKey: string }
}

function at({ computeRental }: Deployment) {
  return { abi, address: computeRental } as const
}
