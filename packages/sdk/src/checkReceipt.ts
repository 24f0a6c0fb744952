import { type Client, type Hex, isHex } from 'viem'
import type { Meter } from './meteredStream.ts'
import type { Payer } from './Payer.ts'
import * as Receipt from './Receipt.ts'
import type { Price } from './Usage.ts'
import { unpackTally } from './Voucher.ts'

/**
 * Takes the receipt that came with the last note of an answer. Throws a `ReceiptError` where there is none, or where it is
 * not the provider's over this request, this text, these counts and this price.
 */
export async function checkReceipt(
  client: Client,
  options: checkReceipt.Options,
): Promise<checkReceipt.Result> {
  const { body, id, meter, model, path, payer, price } = options
  const { payee } = payer
  const fail = (why: string) => new Receipt.ReceiptError({ provider: payee.provider, why })
  const signed = meter.receipt
  if (signed === undefined) throw fail('there is none')
  if (!isHex(signed.signature) || !/^\d{1,39}$/.test(signed.tally)) throw fail('it is malformed')

  const tally = unpackTally(BigInt(signed.tally))
  if (tally.epoch !== payer.epoch) throw fail(`it is of epoch ${tally.epoch}, not ${payer.epoch}`)
  if (tally.cumulative > payer.asked)
    throw fail(`it says that the channel owes ${tally.cumulative}; ${payer.asked} was asked for`)
  const receipt: Receipt.Receipt = {
    model,
    payee,
    price,
    request: Receipt.requestHash({ body, id, path }),
    response: Receipt.responseHash(meter.text),
    signer: payer.key.address,
    tally,
    usage: meter.usage,
  }
  if (!(await Receipt.isGenuine(client, { receipt, signature: signed.signature })))
    throw fail('it is not signed for this request, text, count and price')
  return { receipt, signature: signed.signature }
}

export declare namespace checkReceipt {
  type Options = {
    meter: Meter
    payer: Payer
    id: Hex
    path: string
    body: Uint8Array
    model: string
    price: Price
  }
  type Result = { receipt: Receipt.Receipt; signature: Hex }
}
