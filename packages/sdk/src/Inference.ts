import {
  type Address,
  type Client,
  encodeAbiParameters,
  type Hash,
  type Hex,
  keccak256,
  parseEventLogs,
  parseSignature,
  signatureToCompactSignature,
  stringToHex,
  zeroAddress,
} from 'viem'
import { readContract } from 'viem/actions'
import { approve } from './approve.ts'
import { InferenceServingAbi as abi, type Deployment } from './Deployment.ts'
import { eventIn } from './eventIn.ts'
import type { Price } from './Usage.ts'
import { type Payee, packTally, type SessionKey, type Tally, typedDigest } from './Voucher.ts'
import { send, type Wallet, write } from './write.ts'

/** The token of a channel in ether. */
export const ETHER: Address = zeroAddress

/** A channel: one session key, one provider. `deposit`, `claimed` and `tokens` are totals of its life; `closeAt` 0: open. */
export type Channel = {
  deposit: bigint
  claimed: bigint
  tokens: bigint
  epoch: number
  closeAt: number
  /** Hours that a close leaves the provider for settling. */
  closeWindow: number
}

/** A channel, with whose it is and what it is in. */
export type OwnChannel = Channel & { provider: Address; signer: Address; token: Address }

const PAGE = 50n
const SESSION_TYPE = keccak256(stringToHex('Session(address owner,address signer,uint128 cap,uint40 expiry)'))
const CLOSE_TYPE = keccak256(
  stringToHex('Close(address provider,address signer,address token,uint128 tally,uint256 deadline)'),
)
const YEAR_SECONDS = 31_536_000
const GWEI = 1_000_000_000n
const MAX_CAP_GWEI = (1n << 56n) - 1n

/** What an account can withdraw or put into channels: a user's credit and a provider's earnings alike. */
export async function balanceOf(client: Client, options: balanceOf.Options): Promise<bigint> {
  const { account, deployment, token = ETHER } = options
  return readContract(client, { ...at(deployment), args: [account, token], functionName: 'getTokenBalance' })
}

export declare namespace balanceOf {
  /** In ether unless a token is given, here and in all that follows. */
  type Options = { deployment: Deployment; account: Address; token?: Address | undefined }
}

/** What an account ever bought, as far as providers have settled it. */
export async function usageOf(client: Client, options: balanceOf.Options): Promise<usageOf.Result> {
  const { account, deployment, token = ETHER } = options
  const [tokens, cost] = await readContract(client, {
    ...at(deployment),
    args: [account, token],
    functionName: 'getTokenUsage',
  })
  return { cost, tokens }
}

export declare namespace usageOf {
  type Result = { tokens: bigint; cost: bigint }
}

/** The channel of a session key with a provider; all zero if it was never opened. */
export async function channelOf(client: Client, options: channelOf.Options): Promise<Channel> {
  const { deployment, provider, signer, token = ETHER } = options
  return readContract(client, {
    ...at(deployment),
    args: [provider, token, signer],
    functionName: 'channelOf',
  })
}

export declare namespace channelOf {
  type Options = { deployment: Deployment; provider: Address; signer: Address; token?: Address | undefined }
}

/** The channels that an account's session keys ever opened, newest first, page by page. */
export async function* channelsOf(client: Client, options: balanceOf.Options): AsyncGenerator<OwnChannel> {
  const { account, deployment } = options
  let cursor = 0n
  do {
    const [entries, next] = await readContract(client, {
      ...at(deployment),
      args: [account, cursor, PAGE],
      functionName: 'channelsOf',
    })
    for (const { channel, metered, provider, signer, token } of entries)
      if (!metered) yield { ...channel, provider, signer, token }
    cursor = next
  } while (cursor !== 0n)
}

/** Whose session key this is; undefined if nobody registered it. */
export async function sessionOf(
  client: Client,
  options: sessionOf.Options,
): Promise<sessionOf.Result | undefined> {
  const { deployment, signer } = options
  const [owner, cap, expiry] = await readContract(client, {
    ...at(deployment),
    args: [signer],
    functionName: 'sessionOf',
  })
  return owner === zeroAddress ? undefined : { cap, expiry, owner }
}

export declare namespace sessionOf {
  type Options = { deployment: Deployment; signer: Address }
  type Result = { owner: Address; cap: bigint; expiry: number }
}

/** What a provider asks for a model now; undefined if it posted no price in this currency. */
export async function modelOf(client: Client, options: modelOf.Options): Promise<Price | undefined> {
  const { deployment, model, provider, token = ETHER } = options
  const [{ inputPrice, outputPrice }, exists] = await readContract(client, {
    ...at(deployment),
    args: [provider, token, model],
    functionName: 'tokenModelOf',
  })
  return exists ? { inputPrice, outputPrice } : undefined
}

export declare namespace modelOf {
  type Options = { deployment: Deployment; provider: Address; model: string; token?: Address | undefined }
}

/**
 * Opens a channel or adds to it, in one transaction that also deposits and registers the session key. From then on the
 * key pays alone. Warning: who steals the key can spend what is in its channels, at their providers; never withdraw it.
 */
export async function openChannel(wallet: Wallet, options: openChannel.Options): Promise<{ hash: Hash }> {
  const { amount, cap = 0n, deployment, provider, session, token = ETHER } = options
  const { value = token === ETHER ? amount : 0n } = options
  const { expiry = Math.floor(Date.now() / 1000) + YEAR_SECONDS } = options
  const owner = wallet.account.address
  const signer = session.address
  if ((await sessionOf(wallet, { deployment, signer })) !== undefined)
    return fundChannel(wallet, { amount, deployment, provider, signer, token, value })

  const consent = await consentOf(session, { cap, deployment, expiry, owner })
  const gweis = cap / GWEI
  if (token === ETHER && value === amount && gweis * GWEI === cap && gweis <= MAX_CAP_GWEI) {
    const { r, yParityAndS } = signatureToCompactSignature(parseSignature(consent))
    const terms = (gweis << 200n) | (BigInt(expiry) << 160n) | BigInt(signer)
    const args = [provider, terms, r, yParityAndS]
    return send(wallet, { ...at(deployment), args, functionName: 'openEtherChannel', value })
  }
  const args = [provider, token, amount, signer, cap, expiry, consent]
  await letTake(wallet, { amount, deployment, token })
  return send(wallet, { ...at(deployment), args, functionName: 'openChannel', value })
}

export declare namespace openChannel {
  type Options = {
    deployment: Deployment
    provider: Address
    session: SessionKey
    /** Ether unless given. What the free balance lacks of a token comes from the wallet, which approves it first if need be. */
    token?: Address | undefined
    /** Wei, or units of the token, to have in the channel. */
    amount: bigint
    /** Wei to send along, if part of the amount comes from the free balance. */
    value?: bigint
    /** What later reservations by the key may draw in all. */
    cap?: bigint
    /** Unix seconds after which the key gets no more money; a year unless given. */
    expiry?: number
  }
}

/** Adds to a channel of a registered session key. */
export async function fundChannel(wallet: Wallet, options: fundChannel.Options): Promise<{ hash: Hash }> {
  const { amount, deployment, provider, signer, token = ETHER } = options
  const { value = token === ETHER ? amount : 0n } = options
  await letTake(wallet, { amount, deployment, token })
  return send(wallet, {
    ...at(deployment),
    args: [provider, token, signer, amount],
    functionName: 'fundChannel',
    value,
  })
}

export declare namespace fundChannel {
  type Options = channelOf.Options & { amount: bigint; value?: bigint }
}

/** Closes at once with the provider's signature (see `askToClose`); what is left goes to the owner's free balance. */
export async function closeChannel(
  wallet: Wallet,
  options: closeChannel.Options,
): Promise<closeChannel.Result> {
  const { deadline, deployment, provider, signature, signer, tally, token = ETHER } = options
  const args = [provider, token, signer, packTally(tally), deadline, signature]
  return closed(wallet, { args, deployment, functionName: 'closeChannel' })
}

export declare namespace closeChannel {
  type Options = channelOf.Options & { tally: Tally; deadline: bigint; signature: Hex }
  type Result = { hash: Hash; paid: bigint; refund: bigint }
}

/** Asks for closing without the provider, who has the channel's window to settle what it holds. */
export async function requestClose(wallet: Wallet, options: channelOf.Options): Promise<{ hash: Hash }> {
  const { deployment, provider, signer, token = ETHER } = options
  return send(wallet, { ...at(deployment), args: [provider, token, signer], functionName: 'requestClose' })
}

/** Ends a requested close after its window. */
export async function finalizeClose(
  wallet: Wallet,
  options: channelOf.Options,
): Promise<closeChannel.Result> {
  const { deployment, provider, signer, token = ETHER } = options
  return closed(wallet, { args: [provider, token, signer], deployment, functionName: 'finalizeClose' })
}

/** Adds to the wallet's free balance. */
export async function deposit(wallet: Wallet, options: deposit.Options): Promise<{ hash: Hash }> {
  const { amount, deployment, token = ETHER } = options
  if (token === ETHER)
    return send(wallet, { ...at(deployment), args: [], functionName: 'deposit', value: amount })
  await letTake(wallet, { amount, deployment, token })
  return send(wallet, { ...at(deployment), args: [token, amount], functionName: 'depositToken' })
}

export declare namespace deposit {
  type Options = { deployment: Deployment; amount: bigint; token?: Address | undefined }
}

/** Pays free balance out to the wallet. */
export async function withdraw(wallet: Wallet, options: deposit.Options): Promise<{ hash: Hash }> {
  const { amount, deployment, token = ETHER } = options
  if (token === ETHER) return send(wallet, { ...at(deployment), args: [amount], functionName: 'withdraw' })
  return send(wallet, { ...at(deployment), args: [token, amount], functionName: 'withdrawToken' })
}

/** Credits a provider with what vouchers promise. Anyone may; bad ones count nothing. */
export async function settle(wallet: Wallet, options: settle.Options): Promise<settle.Result> {
  const { deployment, provider, token = ETHER, vouchers } = options
  const receipt = await write(wallet, {
    ...at(deployment),
    args: [provider, token, `0x${vouchers.map((voucher) => voucher.slice(2)).join('')}`],
    functionName: 'settle',
  })
  const [event] = parseEventLogs({ abi, eventName: ['Settled', 'TokenSettled'], logs: receipt.logs })
  return { credited: event?.args.total ?? 0n, hash: receipt.transactionHash }
}

export declare namespace settle {
  type Options = {
    deployment: Deployment
    provider: Address
    vouchers: readonly Hex[]
    token?: Address | undefined
  }
  type Result = { hash: Hash; credited: bigint }
}

/** Posts the wallet's price of a model, in wei or units per 1,000,000 tokens. A rise takes effect after an hour. */
export async function setModel(wallet: Wallet, options: setModel.Options): Promise<{ hash: Hash }> {
  return send(wallet, { ...at(options.deployment), ...modelCall(options) })
}

export declare namespace setModel {
  type Options = Price & { deployment: Deployment; model: string; token?: Address | undefined }
}

/** The call that posts a price, for senders of their own. */
export function modelCall(options: modelCall.Options): modelCall.Result {
  const { inputPrice, model, outputPrice, token = ETHER } = options
  const args = [model, inputPrice, outputPrice]
  return token === ETHER
    ? { args, functionName: 'setModel' }
    : { args: [token, ...args], functionName: 'setTokenModel' }
}

export declare namespace modelCall {
  type Options = Omit<setModel.Options, 'deployment'>
  type Result = { functionName: 'setModel' | 'setTokenModel'; args: readonly unknown[] }
}

/** The EIP-712 digest with which a provider agrees to a close. */
export function closeDigest(payee: Payee, options: closeDigest.Options): Hex {
  const { deadline, signer, tally } = options
  const types = ['bytes32', 'address', 'address', 'address', 'uint128', 'uint256'].map((type) => ({ type }))
  const words = [CLOSE_TYPE, payee.provider, signer, payee.token, packTally(tally), deadline]
  return typedDigest(payee, encodeAbiParameters(types, words))
}

export declare namespace closeDigest {
  type Options = { signer: Address; tally: Tally; deadline: bigint }
}

type Payment = { deployment: Deployment; token: Address; amount: bigint }

/** Lets the contract take what the free balance lacks of a token. */
async function letTake(wallet: Wallet, { amount, deployment, token }: Payment): Promise<void> {
  if (token === ETHER) return
  const account = wallet.account.address
  const short = amount - (await balanceOf(wallet, { account, deployment, token }))
  if (short > 0n) await approve(wallet, { amount: short, spender: deployment.inferenceServing, token })
}

type Consent = { deployment: Deployment; owner: Address; cap: bigint; expiry: number }

async function consentOf(session: SessionKey, { cap, deployment, expiry, owner }: Consent): Promise<Hex> {
  const types = ['bytes32', 'address', 'address', 'uint128', 'uint40'].map((type) => ({ type }))
  const struct = encodeAbiParameters(types, [SESSION_TYPE, owner, session.address, cap, expiry])
  const domain = { chainId: deployment.chainId, contract: deployment.inferenceServing }
  return session.sign({ hash: typedDigest(domain, struct) })
}

type Call = { deployment: Deployment; functionName: string; args: readonly unknown[] }

async function closed(wallet: Wallet, { deployment, ...call }: Call): Promise<closeChannel.Result> {
  const receipt = await write(wallet, { ...at(deployment), ...call })
  const { paid, refund } = eventIn(receipt, { ...at(deployment), eventName: 'ChannelClosed' })
  return { hash: receipt.transactionHash, paid, refund }
}

function at({ inferenceServing }: Deployment) {
  return { abi, address: inferenceServing } as const
}
