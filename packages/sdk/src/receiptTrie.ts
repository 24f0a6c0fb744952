import { type Hex, hexToBytes, keccak256, numberToHex, toHex, toRlp, trim } from 'viem'

type Item = { path: readonly number[]; value: Hex }

/** A node of a Merkle Patricia trie, and what hangs on it. */
export type Node = {
  rlp: Hex
  path: readonly number[]
  children: ReadonlyMap<number, Node> | Node | undefined
}

/** The trie of a block's receipts, by their index. */
export function trieOf(receipts: readonly Hex[]): Node {
  return build(receipts.map((value, index) => ({ path: pathOf(index), value })))
}

/** The nodes from the root to the receipt with this index. */
export function nodesTo(root: Node, index: number): readonly Hex[] {
  const nodes: Hex[] = []
  let path = pathOf(index)
  for (let node: Node | undefined = root; node !== undefined; ) {
    nodes.push(node.rlp)
    path = path.slice(node.path.length)
    const { children }: Node = node
    if (isBranch(children)) {
      node = children.get(path[0] ?? 0)
      path = path.slice(1)
    } else node = children
  }
  return nodes
}

/** Warning: a receipt has 256 bytes of bloom, so that no node is short enough to lie in its parent, as others would. */
function build(items: readonly Item[]): Node {
  const [first] = items
  if (!first) throw new Error('A block without receipts has no trie.')
  if (items.length === 1)
    return { children: undefined, path: first.path, rlp: toRlp([compact(first.path, true), first.value]) }

  let shared = 0
  while (items.every(({ path }) => path[shared] === first.path[shared])) shared++
  if (shared > 0) {
    const child = build(items.map(({ path, value }) => ({ path: path.slice(shared), value })))
    const path = first.path.slice(0, shared)
    return { children: child, path, rlp: toRlp([compact(path, false), keccak256(child.rlp)]) }
  }
  const groups = Map.groupBy(items, ({ path }) => path[0] ?? 0)
  const below = (group: readonly Item[]) =>
    build(group.map(({ path, value }) => ({ path: path.slice(1), value })))
  const children = new Map([...groups].map(([nibble, group]) => [nibble, below(group)]))
  const places = Array.from({ length: 16 }, (_, nibble): Hex => {
    const child = children.get(nibble)
    return child ? keccak256(child.rlp) : '0x'
  })
  return { children, path: [], rlp: toRlp([...places, '0x']) }
}

const isBranch = (children: Node['children']): children is ReadonlyMap<number, Node> =>
  children instanceof Map

/** Nibbles with a mark of what they lead to, and of whether their number is odd. */
function compact(path: readonly number[], isLeaf: boolean): Hex {
  const isOdd = path.length % 2 === 1
  const all = [(isLeaf ? 2 : 0) + (isOdd ? 1 : 0), ...(isOdd ? [] : [0]), ...path]
  const byteAt = (at: number) => (all[2 * at] ?? 0) * 16 + (all[2 * at + 1] ?? 0)
  return toHex(Uint8Array.from({ length: all.length / 2 }, (_, at) => byteAt(at)))
}

const pathOf = (index: number): number[] =>
  [...hexToBytes(toRlp(quantity(numberToHex(index))))].flatMap((byte) => [byte >> 4, byte & 15])

/** A number as RLP has it: no leading zeros, and nothing for 0. */
export const quantity = (value: Hex): Hex =>
  BigInt(value) === 0n ? '0x' : trim(numberToHex(BigInt(value), { size: 32 }))
