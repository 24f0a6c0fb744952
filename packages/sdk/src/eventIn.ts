import {
  type Abi,
  type Address,
  type ContractEventName,
  isAddressEqual,
  type ParseEventLogsReturnType,
  parseEventLogs,
  type TransactionReceipt,
} from 'viem'

/** What a call logged, as its contract alone can: a token that was paid in it may log an event of the same name. */
export function eventIn<const abi extends Abi, const name extends ContractEventName<abi>>(
  { logs }: Pick<TransactionReceipt, 'logs'>,
  { abi, address, eventName }: eventIn.Options<abi, name>,
): eventIn.Args<abi, name> {
  const own = logs.filter((log) => isAddressEqual(log.address, address))
  const [event] = parseEventLogs({ abi, eventName, logs: own })
  if (event === undefined) throw new Error(`The call left no event ${eventName}.`)
  return event.args
}

export declare namespace eventIn {
  type Options<abi extends Abi, name extends ContractEventName<abi>> = {
    abi: abi
    address: Address
    eventName: name
  }
  type Args<abi extends Abi, name extends ContractEventName<abi>> = ParseEventLogsReturnType<
    abi,
    name,
    true
  >[number]['args']
}
