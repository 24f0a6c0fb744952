import type { Registry } from '@jejunetwork/sdk'
import { providers as everyProvider } from '../../proxy/findProvider.ts'
import { connect } from '../connect.ts'
import type { Run } from '../context.ts'
import { eth } from '../input.ts'
import { table } from '../output.ts'

export const providers: Run = async ({ config, output }, { options }) => {
  const { client, deployment } = await connect(config)
  const all = await output.during(
    'Reading the registry',
    Array.fromAsync(everyProvider(client, { deployment })),
  )
  const shown = options['all'] ? all : all.filter((provider) => provider.active)
  if (shown.length === 0) return { data: shown, text: 'Nobody offers anything here yet.' }

  const rows = shown.map((provider) => [
    String(provider.providerId),
    `${eth(provider.pricePerHour)}/h`,
    machine(provider),
    provider.endpoint,
    provider.active ? '' : 'inactive',
  ])
  return { data: shown, text: table(['ID', 'PRICE', 'MACHINE (CLAIMED)', 'ENDPOINT', ''], rows) }
}

/** The claim in a few words; what is not the JSON that a node prints is shown as nothing. */
function machine({ gpuCount, gpuModel, hardwareAttestation }: Registry.Provider): string {
  const gpu = gpuCount > 0n ? `${gpuCount} × ${gpuModel || 'GPU'}` : 'no GPU'
  return [...processors(hardwareAttestation), gpu].join(', ')
}

function processors(attestation: string): string[] {
  try {
    const { cpu, memoryMiB } = JSON.parse(attestation)
    const cores = Number.isInteger(cpu?.cores) ? [`${cpu.cores} cores`] : []
    const memory = Number.isInteger(memoryMiB) ? [`${Math.round(memoryMiB / 1024)} GB`] : []
    return [...cores, ...memory]
  } catch {
    return []
  }
}
