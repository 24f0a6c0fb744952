import {
  type Address,
  type Client,
  concat,
  encodePacked,
  type Hash,
  type Hex,
  hexToBytes,
  keccak256,
  numberToHex,
  size,
  slice,
  toHex,
  toRlp,
} from 'viem'
import { ComputeError } from './Errors.ts'
import { pathTo, quantity, trieOf } from './receiptTrie.ts'

/** A block whose receipts were checked against its header, and its header against its hash. */
export type ProvenBlock = {
  number: bigint
  hash: Hash
  /** Unix seconds. */
  timestamp: bigint
  /** The logs of each transaction, in order. */
  logs: readonly (readonly ProvenLog[])[]
  /** Proves to the chain what a transaction logged: its receipt, the header and the trie's nodes between them. */
  proofOf(transactionIndex: number): Hex
}

/** A log as its receipt has it. */
export type ProvenLog = { address: Address; topics: readonly Hex[]; data: Hex }

/** Reads what proves the logs of a block. It needs no archive and no special node; where a node can't, it asks for each receipt. */
export async function ofBlock(client: Client, options: ofBlock.Options): Promise<ProvenBlock> {
  const number = numberToHex(options.blockNumber)
  const request = requestOf(client)
  const block = await request<RpcBlock | null>('eth_getBlockByNumber', [number, false])
  if (block === null) throw new BlockUnknownError(options)
  return ofReceipts(block, await receiptsOf(request, block))
}

export declare namespace ofBlock {
  type Options = { blockNumber: bigint }
}

/** The same from what a node answered to `eth_getBlockByNumber` and `eth_getBlockReceipts`. */
export function ofReceipts(block: RpcBlock, receipts: readonly RpcReceipt[]): ProvenBlock {
  const number = BigInt(block.number)
  const header = encodeHeader(block)
  if (keccak256(header) !== block.hash) throw new ProofMismatchError({ number, what: 'header' })
  const root = receipts.length === 0 ? undefined : trieOf(receipts.map(encodeReceipt))
  if ((root?.hash ?? keccak256(NOTHING)) !== block.receiptsRoot)
    throw new ProofMismatchError({ number, what: 'receipts' })
  return {
    hash: block.hash,
    logs: receipts.map((receipt) => receipt.logs),
    number,
    proofOf(transactionIndex) {
      const receipt = receipts[transactionIndex]
      if (root === undefined || receipt === undefined) throw new NoReceiptError({ number, transactionIndex })
      if (block.sha3Uncles !== NO_OMMERS) throw new OmmersError({ number })
      const sent = shortReceipt(receipt)
      const rest = shortHeader(header)
      const { leafNibbles, nodes } = pathTo(root, transactionIndex)
      const head = encodePacked(['uint24', 'uint16', 'uint8'], [size(sent), size(rest), leafNibbles])
      return concat([head, sent, rest, ...nodes])
    },
    timestamp: BigInt(block.timestamp),
  }
}

/** The node knows no such block: it lags behind, or the chain was reorganised. */
export class BlockUnknownError extends ComputeError {
  override readonly name = 'BlockUnknownError'
  override readonly retryable = true

  constructor({ blockNumber }: { blockNumber: bigint }) {
    super(`The node has no block ${blockNumber}.`)
  }
}

/** What a node answered about a block does not hash to what the block says: a reorganisation in between, or an unknown fork. */
export class ProofMismatchError extends ComputeError {
  override readonly name = 'ProofMismatchError'
  override readonly retryable = true

  constructor({ number, what }: { number: bigint; what: 'header' | 'receipts' }) {
    super(`The node's ${what} of block ${number} do not hash to what the block says.`)
  }
}

/** The block has no transaction with this index. */
export class NoReceiptError extends ComputeError {
  override readonly name = 'NoReceiptError'

  constructor({ number, transactionIndex }: { number: bigint; transactionIndex: number }) {
    super(`Block ${number} has no transaction ${transactionIndex}.`)
  }
}

/** The block has ommers, as blocks before proof of stake had; the chain proves logs of blocks without. */
export class OmmersError extends ComputeError {
  override readonly name = 'OmmersError'

  constructor({ number }: { number: bigint }) {
    super(`Block ${number} has ommers, so nothing in it can be proven.`)
  }
}

/** A block as `eth_getBlockByNumber` has it. */
export type RpcBlock = {
  hash: Hash
  number: Hex
  receiptsRoot: Hash
  sha3Uncles: Hash
  timestamp: Hex
  transactions: readonly (Hash | { hash: Hash })[]
}

/** A receipt as `eth_getBlockReceipts` has it. */
export type RpcReceipt = {
  type: Hex
  status: Hex
  cumulativeGasUsed: Hex
  logsBloom: Hex
  logs: readonly ProvenLog[]
}

/** The hash of an empty list of headers. */
const NO_OMMERS = keccak256('0xc0')

/** The root of an empty trie. */
const NOTHING: Hex = '0x80'

type Request = <T>(method: string, params: readonly unknown[]) => Promise<T>

function requestOf(client: Client): Request {
  return (method, params) => client.request({ method: method as never, params: params as never })
}

/** Not asked for all at once, so that a node's rate limit holds. */
const AT_ONCE = 10

async function receiptsOf(request: Request, block: RpcBlock): Promise<readonly RpcReceipt[]> {
  // A node that lacks the method says so in one of many ways; one that cannot be reached fails below too.
  const all = await request<RpcReceipt[] | null>('eth_getBlockReceipts', [block.number]).catch(() => null)
  if (all !== null) return all
  const hashes = block.transactions.map((entry) => (typeof entry === 'string' ? entry : entry.hash))
  const receipts: RpcReceipt[] = []
  for (let at = 0; at < hashes.length; at += AT_ONCE) {
    const some = hashes.slice(at, at + AT_ONCE)
    const ask = (hash: Hash) => request<RpcReceipt | null>('eth_getTransactionReceipt', [hash])
    for (const receipt of await Promise.all(some.map(ask))) {
      if (receipt === null) throw new ProofMismatchError({ number: BigInt(block.number), what: 'receipts' })
      receipts.push(receipt)
    }
  }
  return receipts
}

/** In order; a number where marked, else bytes. What a chain's fork does not have yet is left out. */
const HEADER = (
  'parentHash sha3Uncles miner stateRoot transactionsRoot receiptsRoot logsBloom difficulty# number# gasLimit# gasUsed# ' +
  'timestamp# extraData mixHash nonce baseFeePerGas# withdrawalsRoot blobGasUsed# excessBlobGas# parentBeaconBlockRoot ' +
  'requestsHash'
).split(' ')

function encodeHeader(block: RpcBlock): Hex {
  const values = block as unknown as Record<string, Hex | null | undefined>
  const fields = HEADER.flatMap((name) => {
    const value = values[name.replace('#', '')]
    if (value === undefined || value === null) return []
    return [name.endsWith('#') ? quantity(value) : value]
  })
  return toRlp(fields)
}

/** A header as proofs have it: without the hash of no ommers, the root of the receipts and the bloom's head. */
const shortHeader = (header: Hex): Hex =>
  concat([slice(header, 0, 36), slice(header, 69, 156), slice(header, 192)])

function encodeReceipt({ cumulativeGasUsed, logs, logsBloom, status, type }: RpcReceipt): Hex {
  const body = toRlp([quantity(status), quantity(cumulativeGasUsed), logsBloom, entriesOf(logs)])
  return BigInt(type) === 0n ? body : concat([numberToHex(BigInt(type), { size: 1 }), body])
}

const entriesOf = (logs: RpcReceipt['logs']) =>
  logs.map(({ address, data, topics }) => [address, [...topics], data] as const)

/** A receipt as proofs have it: without the bloom's head, and of a bloom that is mostly zeros the rest only. */
function shortReceipt(receipt: RpcReceipt): Hex {
  const whole = encodeReceipt(receipt)
  const logs = toRlp(entriesOf(receipt.logs))
  const bloom = size(whole) - size(logs) - size(toRlp(receipt.logsBloom))
  return concat([slice(whole, 0, bloom), shortBloom(receipt.logsBloom), logs])
}

/** More bytes than that are cheaper to send as they are; the chain refuses them as pairs. */
const MOST_PAIRS = 16

/** How many bytes follow as pairs of place and value, and those; 0 and the whole bloom if there are too many. */
function shortBloom(bloom: Hex): Hex {
  const pairs = [...hexToBytes(bloom)].flatMap((value, place) =>
    value === 0 ? [] : [[place, value] as const],
  )
  if (pairs.length === 0 || pairs.length > MOST_PAIRS) return concat(['0x00', bloom])
  return toHex(Uint8Array.from([pairs.length, ...pairs.flat()]))
}
