import { Attestation } from '@jejunetwork/sdk'
import type { Address, PublicClient } from 'viem'
import type { Log } from '../../log.ts'
import type { Sender } from '../../send.ts'

/** The newest collateral of a quote's platform, brought on chain where the chain's is older. */
export async function bring(
  quote: Attestation.Submission.Submission,
  options: bring.Options,
): Promise<Attestation.Pcs.Fetched> {
  const { client, log, pccs: address, sender, signal, url } = options
  const { authority, fmspc, tee } = quote
  const collateral = await Attestation.Pcs.fetchCollateral({ authority, fmspc, signal, tee, url })
  const calls = await Attestation.Pccs.missing(client, { address, collateral, submission: quote })
  for (const call of calls) {
    await sender.write(call)
    log.info('collateral brought on chain', { call: call.functionName })
  }
  return collateral
}

export declare namespace bring {
  type Options = {
    client: PublicClient
    log: Log
    pccs: Address
    sender: Sender
    signal: AbortSignal
    /** The collateral service; Intel's where undefined. */
    url: string | undefined
  }
}
