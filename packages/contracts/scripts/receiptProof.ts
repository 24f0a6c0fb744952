// Proofs that a block has a log, made of what any node of a chain answers.
import { concat, type Hex, hexToBytes, keccak256, numberToHex, toHex, toRlp, trim } from 'viem'

/** A receipt as `eth_getBlockReceipts` has it. */
export type RpcReceipt = {
  type: Hex
  status: Hex
  cumulativeGasUsed: Hex
  logsBloom: Hex
  logs: readonly { address: Hex; topics: readonly Hex[]; data: Hex }[]
}

type Item = { path: readonly number[]; value: Hex }
type Node = { rlp: Hex; children: ReadonlyMap<number, Node> | Node | undefined; path: readonly number[] }

/** The block's header and the nodes from the receipts' root to the receipt, one behind the other. */
export function receiptProof(block: RpcBlock, receipts: readonly RpcReceipt[], index: number): Hex {
  const items = receipts.map((receipt, i) => ({ path: nibbles(rlpNumber(i)), value: encodeReceipt(receipt) }))
  const root = build(items)
  if (keccak256(root.rlp) !== block.receiptsRoot) throw new Error('The receipts are not those of the block.')
  const header = encodeHeader(block)
  if (keccak256(header) !== block.hash) throw new Error('The header is not that of the block.')

  const nodes: Hex[] = []
  let path = nibbles(rlpNumber(index))
  for (let node: Node | undefined = root; node; ) {
    nodes.push(node.rlp)
    path = path.slice(node.path.length)
    const { children } = node as Node
    if (!(children instanceof Map)) node = children as Node | undefined
    else {
      node = children.get(path[0] ?? 0)
      path = path.slice(1)
    }
  }
  return concat([header, ...nodes])
}

/** A block as `eth_getBlockByNumber` has it. */
export type RpcBlock = Record<string, Hex> & { hash: Hex; receiptsRoot: Hex }

const HEADER = (
  'parentHash sha3Uncles miner stateRoot transactionsRoot receiptsRoot logsBloom difficulty# number# gasLimit# gasUsed# ' +
  'timestamp# extraData mixHash nonce baseFeePerGas# withdrawalsRoot blobGasUsed# excessBlobGas# parentBeaconBlockRoot ' +
  'requestsHash'
).split(' ')

function encodeHeader(block: RpcBlock): Hex {
  const fields = HEADER.map((name) => {
    const value = block[name.replace('#', '')]
    return value !== undefined && name.endsWith('#') ? quantity(value) : value
  })
  return toRlp(fields.filter((field) => field !== undefined))
}

function encodeReceipt({ type, status, cumulativeGasUsed, logsBloom, logs }: RpcReceipt): Hex {
  const entries = logs.map(({ address, topics, data }) => [address, [...topics], data] as const)
  const body = toRlp([quantity(status), quantity(cumulativeGasUsed), logsBloom, entries])
  return BigInt(type) === 0n ? body : concat([numberToHex(BigInt(type), { size: 1 }), body])
}

/** The trie of these items, none of whose nodes is short enough to lie in its parent. */
function build(items: readonly Item[]): Node {
  const [first] = items
  if (!first) throw new Error('There is nothing to prove.')
  if (items.length === 1)
    return { rlp: toRlp([compact(first.path, true), first.value]), children: undefined, path: first.path }

  let shared = 0
  while (items.every(({ path }) => path[shared] === first.path[shared])) shared++
  if (shared > 0) {
    const child = build(items.map(({ path, value }) => ({ path: path.slice(shared), value })))
    const path = first.path.slice(0, shared)
    return { rlp: toRlp([compact(path, false), keccak256(child.rlp)]), children: child, path }
  }
  const groups = Map.groupBy(items, ({ path }) => path[0] ?? 0)
  const children = new Map(
    [...groups].map(([nibble, group]) => [
      nibble,
      build(group.map(({ path, value }) => ({ path: path.slice(1), value }))),
    ]),
  )
  const places = Array.from({ length: 16 }, (_, i): Hex => {
    const child = children.get(i)
    return child ? keccak256(child.rlp) : '0x'
  })
  return { rlp: toRlp([...places, '0x']), children, path: [] }
}

function compact(path: readonly number[], leaf: boolean): Hex {
  const odd = path.length % 2 === 1
  const all = [(leaf ? 2 : 0) + (odd ? 1 : 0), ...(odd ? [] : [0]), ...path]
  const bytes = Array.from(
    { length: all.length / 2 },
    (_, i) => (all[2 * i] ?? 0) * 16 + (all[2 * i + 1] ?? 0),
  )
  return toHex(Uint8Array.from(bytes))
}

const nibbles = (hex: Hex): number[] => [...hexToBytes(hex)].flatMap((byte) => [byte >> 4, byte & 15])
const rlpNumber = (value: number): Hex => toRlp(quantity(numberToHex(value)))
const quantity = (value: Hex): Hex =>
  BigInt(value) === 0n ? '0x' : trim(numberToHex(BigInt(value), { size: 32 }))
