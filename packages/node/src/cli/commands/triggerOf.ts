import { Trigger } from '@jejunetwork/sdk'
import type { Market } from '../connect.ts'
import { UsageError } from '../errors.ts'
import { whole } from '../input.ts'

/** The trigger that a person named. */
export async function triggerOf({ client, deployment }: Market, text: unknown): Promise<Trigger.Trigger> {
  const triggerId = whole('The trigger', text)
  if (triggerId > (await Trigger.count(client, { deployment })))
    throw new UsageError(`There is no trigger ${triggerId}; \`jeju-compute trigger list --all\` lists them.`)
  return Trigger.get(client, { deployment, triggerId })
}
