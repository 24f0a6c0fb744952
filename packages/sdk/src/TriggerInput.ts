import {
  type Address,
  concat,
  encodePacked,
  type Hex,
  hexToBigInt,
  hexToNumber,
  keccak256,
  type LocalAccount,
  size,
  slice,
  type TypedDataDefinition,
  type TypedDataDomain,
} from 'viem'
import type { Deployment } from './Deployment.ts'
import type { LogPlace } from './LogPlace.ts'

/** What a webhook trigger's key signs. */
export type Delivery = {
  triggerId: bigint
  /** Each works once, in any order; counting up is cheapest. */
  nonce: bigint
  /** When it was signed, unix seconds. */
  timestamp: bigint
  payload: Hex
}

/** The input that runs a cron trigger at a tick, which is `Trigger.get`'s `dueTick`. */
export function ofTick(tick: bigint): Hex {
  return encodePacked(['uint8', 'uint40'], [1, Number(tick)])
}

/** The input that runs a webhook trigger; `payload` is the mode of its config. */
export function ofDelivery(delivery: ofDelivery.Options): Hex {
  const { nonce, payload, payloadMode = 'full', signature, timestamp } = delivery
  const passed = payloadMode === 'hash' ? keccak256(payload) : payload
  return encodePacked(
    ['uint8', 'uint64', 'uint40', 'uint16', 'bytes', 'bytes'],
    [1, nonce, Number(timestamp), size(signature), signature, passed],
  )
}

export declare namespace ofDelivery {
  type Options = Omit<Delivery, 'triggerId'> & { signature: Hex; payloadMode?: 'full' | 'hash' | undefined }
}

/** The input that runs an event trigger for a log; `ReceiptProof.ofBlock` makes the proof. */
export function ofLog({ logIndex, number, proof, transactionIndex }: ofLog.Options): Hex {
  return encodePacked(
    ['uint8', 'uint64', 'uint32', 'uint32', 'bytes'],
    [2, number, transactionIndex, logIndex, proof],
  )
}

export declare namespace ofLog {
  type Options = LogPlace & { proof: Hex }
}

/** A log of another chain, as attesters sign it. */
export type AttestedLog = {
  /** Of the chain that has it. */
  chainId: bigint
  blockNumber: bigint
  transactionIndex: number
  /** In its transaction's receipt, from 0. */
  logIndex: number
  /** Of its block, unix seconds. */
  timestamp: bigint
  emitter: Address
  topics: readonly Hex[]
  data: Hex
}

/** The input that runs a trigger for a log of another chain: the signatures of its quorum, by ascending signer. */
export function ofAttestedLog(log: AttestedLog, { signatures }: { signatures: readonly Hex[] }): Hex {
  const { blockNumber, data, logIndex, timestamp, topics, transactionIndex } = log
  const head = encodePacked(
    ['uint8', 'uint64', 'uint32', 'uint32', 'uint40', 'uint8'],
    [1, blockNumber, transactionIndex, logIndex, Number(timestamp), topics.length],
  )
  const length = encodePacked(['uint16'], [size(data)])
  return concat([head, ...topics, length, data, ...signatures])
}

/** The EIP-712 message by which an attester says that another chain has a log and will not lose it. */
export function attestationOf(log: AttestedLog, options: typedDataOf.Options): TypedDataDefinition {
  return {
    domain: domainOf(options),
    message: { ...log, topics: [...log.topics] },
    primaryType: 'AttestedLog',
    types: {
      AttestedLog: [
        { name: 'chainId', type: 'uint256' },
        { name: 'blockNumber', type: 'uint64' },
        { name: 'transactionIndex', type: 'uint32' },
        { name: 'logIndex', type: 'uint32' },
        { name: 'timestamp', type: 'uint64' },
        { name: 'emitter', type: 'address' },
        { name: 'topics', type: 'bytes32[]' },
        { name: 'data', type: 'bytes' },
      ],
    },
  }
}

/** Tick, or nonce and signing time, in an input. */
export function parse(kind: 'cron' | 'webhook', input: Hex): parse.Result {
  if (kind === 'cron') return { tick: hexToBigInt(slice(input, 1, 6)) }
  const length = hexToNumber(slice(input, 14, 16))
  return {
    nonce: hexToBigInt(slice(input, 1, 9)),
    payload: size(input) > 16 + length ? slice(input, 16 + length) : '0x',
    signature: length === 0 ? '0x' : slice(input, 16, 16 + length),
    timestamp: hexToBigInt(slice(input, 9, 14)),
  }
}

export declare namespace parse {
  type Result = { tick: bigint } | { nonce: bigint; timestamp: bigint; signature: Hex; payload: Hex }
}

/** The EIP-712 message of a delivery, for any signer. */
export function typedDataOf(delivery: Delivery, options: typedDataOf.Options): TypedDataDefinition {
  const { nonce, payload, timestamp, triggerId } = delivery
  return {
    domain: domainOf(options),
    message: { nonce, payloadHash: keccak256(payload), timestamp, triggerId },
    primaryType: 'WebhookDelivery',
    types: {
      WebhookDelivery: [
        { name: 'triggerId', type: 'uint256' },
        { name: 'nonce', type: 'uint64' },
        { name: 'timestamp', type: 'uint64' },
        { name: 'payloadHash', type: 'bytes32' },
      ],
    },
  }
}

export declare namespace typedDataOf {
  type Options = { deployment: Pick<Deployment, 'chainId' | 'triggerRegistry'> }
}

/** The EIP-712 domain of all that is signed for the registry. */
export function domainOf({ deployment }: typedDataOf.Options): TypedDataDomain {
  const { chainId, triggerRegistry } = deployment
  return { chainId, name: 'Jeju TriggerRegistry', verifyingContract: triggerRegistry, version: '1' }
}

/** Signs a delivery with an account's key, whose address is the trigger's. */
export async function signDelivery(account: LocalAccount, options: signDelivery.Options): Promise<Hex> {
  const { deployment, ...delivery } = options
  return account.signTypedData(typedDataOf(delivery, { deployment }))
}

export declare namespace signDelivery {
  type Options = Delivery & typedDataOf.Options
}
