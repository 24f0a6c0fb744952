import { Attestation, ComputeError, verifyProvider } from '@jejunetwork/sdk'
import type { Market } from './connect.ts'
import type { Context } from './context.ts'
import type { Demands } from './demands.ts'
import { UsageError } from './errors.ts'

/**
 * Says what the host key to be pinned rests on. Of a provider whose machine is attested, a key that is not the attested
 * one is refused, and so is evidence that does not verify; where proof is demanded, so is a machine without.
 */
export async function pin(
  { config, output, signal }: Context,
  { client, deployment }: Market,
  { claimed, demands, hostKey, providerId }: pin.Options,
): Promise<void> {
  const { level } = await Attestation.levelOf(client, { deployment, providerId })
  if (claimed || (level === 0 && !demands)) {
    output.say(
      `Provider ${providerId} is claimed: nobody proved which machine this is. Pinned the SSH host key that it published.`,
    )
    return
  }
  const options = { ...demands, ...config.teeRoots, deployment, providerId, signal, sshHostKey: hostKey }
  const { checks } = await verifyProvider(client, options)
  const failed = checks.find(({ ok }) => !ok)
  if (failed === undefined) {
    output.say(`Pinned the SSH host key attested by provider ${providerId}'s machine (level ${level}).`)
    return
  }
  const { bound, name, value } = failed
  const said = level === 0 ? 'is to be verified' : 'is attested'
  throw new UsageError(
    `Provider ${providerId}'s machine ${said}, but its ${name} is ${value}, and must be ${bound}: that may be another machine, so nothing was sent to it. See \`jeju-compute verify ${providerId}\`, or trust it as a claimed one with --claimed.`,
  )
}

export declare namespace pin {
  type Options = {
    /** As if nothing were attested. */
    claimed: boolean
    /** What must be proven; without, of a machine that is not attested nothing. */
    demands: Demands | undefined
    /** As in `known_hosts`. */
    hostKey: string
    providerId: bigint
  }
}

/** The gateway answers with another key than the pinned one. */
export class HostKeySwappedError extends ComputeError {
  override readonly name = 'HostKeySwappedError'

  constructor({ at, pinned, shown }: { at: string; pinned: string; shown: string }) {
    super(
      `${at} shows another SSH host key (${shown}) than the pinned one (${pinned}): it is not your machine, or somebody stands in between. Nothing was sent to it.`,
    )
  }
}
