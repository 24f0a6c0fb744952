import {
  type Abi,
  BaseError,
  ContractFunctionRevertedError,
  decodeErrorResult,
  type Hex,
  HttpRequestError,
  InsufficientFundsError,
  LimitExceededRpcError,
  TimeoutError,
  WebSocketRequestError,
} from 'viem'

/** What every error of this package is: one sentence, its cause, and whether trying again makes sense. */
export abstract class ComputeError extends Error {
  abstract override readonly name: string
  /** The same call may work later, with nothing changed. */
  readonly retryable: boolean = false
}

/** A contract refused a call: nothing happened but, if it was mined, the fee. */
export class ContractRevertedError extends ComputeError {
  override readonly name = 'ContractRevertedError'
  readonly functionName: string
  /** The Solidity error, such as `SessionNotActive`; `Error` for a bare reason; undefined when it gave none. */
  readonly errorName: string | undefined
  readonly args: readonly unknown[]

  constructor({ args = [], cause, errorName, functionName, reason }: ContractRevertedError.Options) {
    super(`The contract refused ${functionName}: ${reason ?? 'it gave no reason'}.`, { cause })
    this.functionName = functionName
    this.errorName = errorName
    this.args = args
  }
}

export declare namespace ContractRevertedError {
  type Options = {
    functionName: string
    errorName?: string | undefined
    reason?: string | undefined
    args?: readonly unknown[]
    cause?: unknown
  }
}

/** The wallet holds too little for the value and the fee. */
export class WalletTooPoorError extends ComputeError {
  override readonly name = 'WalletTooPoorError'

  constructor({ address, cause, functionName }: { address: string; functionName: string; cause: unknown }) {
    super(`The wallet ${address} holds too little to pay for ${functionName} and its fee; send it more.`, {
      cause,
    })
  }
}

/** The contract's refusal inside an error of viem, in words; undefined when the error is something else. */
export function revertOf(error: unknown, options: revertOf.Options): ContractRevertedError | undefined {
  const revert =
    error instanceof BaseError ? error.walk((cause) => cause instanceof ContractFunctionRevertedError) : null
  if (!(revert instanceof ContractFunctionRevertedError)) return undefined

  const decoded = revert.data ?? decode(revert.raw, options.abis ?? [])
  const { functionName } = options
  if (decoded === undefined)
    return new ContractRevertedError({ cause: error, functionName, reason: revert.reason })

  const { args = [], errorName } = decoded
  const inputs = decoded.abiItem && 'inputs' in decoded.abiItem ? decoded.abiItem.inputs : []
  const facts = args.map((value, index) => `${inputs[index]?.name || index} ${String(value)}`)
  const reason =
    errorName === 'Error'
      ? String(args[0])
      : `${words(errorName)}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`
  return new ContractRevertedError({ args, cause: error, errorName, functionName, reason })
}

export declare namespace revertOf {
  type Options = {
    functionName: string
    /** ABIs to look in for an error of a contract further down the call. */
    abis?: readonly Abi[]
  }
}

/** Whether the wallet could not pay for the call and its fee. */
export function isTooPoor(error: unknown): boolean {
  return error instanceof BaseError && error.walk((cause) => cause instanceof InsufficientFundsError) !== null
}

/** Whether the chain's RPC could not be asked: nothing is known, and asking again makes sense. */
export function isUnreachable(error: unknown): boolean {
  const kinds = [HttpRequestError, TimeoutError, WebSocketRequestError, LimitExceededRpcError]
  return (
    error instanceof BaseError && error.walk((cause) => kinds.some((kind) => cause instanceof kind)) !== null
  )
}

function decode(data: Hex | undefined, abis: readonly Abi[]) {
  if (data === undefined || data === '0x') return undefined
  for (const abi of abis) {
    try {
      return decodeErrorResult({ abi, data })
    } catch {
      // Not an error of this contract.
    }
  }
  return undefined
}

/** `SessionNotActive` as `session not active`. */
function words(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, ' ').toLowerCase()
}
