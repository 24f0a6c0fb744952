import { Inference, InferenceServingAbi } from '@jejunetwork/sdk'
import { type Address, type Hex, isAddressEqual } from 'viem'
import { readContract } from 'viem/actions'
import type { Log } from '../../log.ts'
import type { Sender } from '../../send.ts'
import type { Books } from './books.ts'
import { loadedBook, refresh } from './books.ts'
import { OpenAiError } from './OpenAiError.ts'

/** About what a reservation costs the one who submits it. */
const GAS = 80_000n
/** In the order of the contract's enum. */
const REFUSALS = [
  '',
  'its signer is no session key',
  'the session key has expired',
  'its deadline has passed',
  'it is of another epoch',
  'the channel is being closed',
  '',
  "it exceeds the session key's cap",
  "the owner's free balance is too small",
]
const COVERED = 6

/** Brings reservations of session keys on chain, one at a time for each key, where they are worth the gas. */
export type Reserver = (signer: Address, reservation: Hex) => Promise<void>

export function createReserver(books: Books, options: createReserver.Options): Reserver {
  const running = new Map<Address, Promise<void>>()
  return async (signer, reservation) => {
    // What comes meanwhile is answered by what is on its way: mostly it is the same.
    const known = running.get(signer)
    if (known !== undefined) return known
    const work = submit(books, { ...options, reservation, signer }).finally(() => running.delete(signer))
    running.set(signer, work)
    return work
  }
}

export declare namespace createReserver {
  type Options = { sender: Sender; log: Log; gasMultiple: bigint; least: bigint }
}

type Order = createReserver.Options & { signer: Address; reservation: Hex }

async function submit(books: Books, order: Order): Promise<void> {
  const { log, reservation, sender, signer } = order
  const { client, deployment, provider, shown, token } = books.options
  const contract = { abi: InferenceServingAbi, address: deployment.inferenceServing } as const
  const [from, amount, refusal] = await readContract(client, {
    ...contract,
    args: [provider, token, reservation],
    functionName: 'reservationOf',
  })
  if (!isAddressEqual(from, signer)) throw refused("it is not the session key's for this provider and chain")
  if (refusal === COVERED) return
  if (refusal !== 0) throw refused(REFUSALS[refusal] ?? `the contract says ${refusal}`)
  const least = await leastWorth(books, order)
  if (amount < least) throw refused(`it adds ${shown(amount)}; at least ${shown(least)} is worth the gas`)

  const args = [provider, token, reservation, '0x']
  await sender.write({ ...contract, args, functionName: 'reserveAndSettle' })
  await refresh(books, await loadedBook(books, signer))
  log.info('channel filled by reservation', { amount: shown(amount), signer })
}

async function leastWorth({ options }: Books, { gasMultiple, least }: Order): Promise<bigint> {
  if (options.token !== Inference.ETHER) return least
  const { baseFeePerGas } = await options.client.getBlock()
  return gasMultiple * GAS * (baseFeePerGas ?? (await options.client.getGasPrice()))
}

function refused(why: string): OpenAiError {
  return new OpenAiError(402, 'reservation_refused', `The reservation was not taken: ${why}.`)
}
