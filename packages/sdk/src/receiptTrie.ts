import { concat, type Hex, hexToBytes, keccak256, numberToHex, toHex, toRlp, trim } from 'viem'

type Item = { path: readonly number[]; value: Hex }
type RlpFields = readonly Hex[]

/** A node of a Merkle Patricia trie, and what hangs on it. */
type Node = {
  hash: Hex
  path: readonly number[]
  children: ReadonlyMap<number, Node> | Node | undefined
}

/** The trie of a block's receipts, by their index. */
export function trieOf(receipts: readonly Hex[]): Node {
  return build(receipts.map((value, index) => ({ path: pathOf(index), value })))
}

/**
 * What a proof says of the nodes above a receipt, the lowest first. Of a branch: how many children it has before the one below it
 * and behind it, in a byte, and its places before and behind that, unless all of them are empty. Of an extension: 0xf0 and the number of its nibbles.
 */
export function pathTo(root: Node, index: number): { leafNibbles: number; nodes: readonly Hex[] } {
  const nodes: Hex[] = []
  let path = pathOf(index)
  let node: Node | undefined = root
  while (node?.children !== undefined) {
    if (node.path.length > 0) nodes.unshift(numberToHex(0xf0 + node.path.length, { size: 1 }))
    path = path.slice(node.path.length)
    const { children }: Node = node
    if (isBranch(children)) {
      const [nibble = 0, ...rest] = path
      nodes.unshift(around(children, nibble))
      node = children.get(nibble)
      path = rest
    } else node = children
  }
  return { leafNibbles: path.length, nodes }
}

function around(children: ReadonlyMap<number, Node>, nibble: number): Hex {
  const before = [...children.keys()].filter((key) => key < nibble).length
  const behind = children.size - 1 - before
  const places = Array.from({ length: 16 }, (_, at): Hex => {
    const child = children.get(at)
    return child ? concat(['0xa0', child.hash]) : '0x80'
  })
  return concat([
    numberToHex(before * 16 + behind, { size: 1 }),
    ...(before === 0 ? [] : places.slice(0, nibble)),
    ...(behind === 0 ? [] : places.slice(nibble + 1)),
  ])
}

/** Warning: a receipt has 256 bytes of bloom, so that no node is short enough to lie in its parent, as others would. */
function build(items: readonly Item[]): Node {
  const [first] = items
  if (!first) throw new Error('A block without receipts has no trie.')
  const nodeOf = (fields: RlpFields, rest: Omit<Node, 'hash'>) => ({
    hash: keccak256(toRlp(fields)),
    ...rest,
  })
  if (items.length === 1)
    return nodeOf([compact(first.path, true), first.value], { children: undefined, path: first.path })

  let shared = 0
  while (items.every(({ path }) => path[shared] === first.path[shared])) shared++
  if (shared > 0) {
    const child = build(items.map(({ path, value }) => ({ path: path.slice(shared), value })))
    const path = first.path.slice(0, shared)
    return nodeOf([compact(path, false), child.hash], { children: child, path })
  }
  const groups = Map.groupBy(items, ({ path }) => path[0] ?? 0)
  const below = (group: readonly Item[]) =>
    build(group.map(({ path, value }) => ({ path: path.slice(1), value })))
  const children = new Map([...groups].map(([nibble, group]) => [nibble, below(group)]))
  const places = Array.from({ length: 16 }, (_, nibble): Hex => children.get(nibble)?.hash ?? '0x')
  return nodeOf([...places, '0x'], { children, path: [] })
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
