import { Attestation, Discovery, Registry } from '@jejunetwork/sdk'
import { toHex } from 'viem'
import { eth } from '../../money.ts'
import { connect, type Market } from '../connect.ts'
import type { Input, Run } from '../context.ts'
import { UsageError } from '../errors.ts'
import { ether, quorumId, whole } from '../input.ts'
import { isUp } from '../isUp.ts'
import { table } from '../output.ts'

/** So many are asked at once, so that a crowd that does not answer holds nobody up for long. */
const PROBES = 16
const TEES = Attestation.TeeNames.filter((name) => name !== 'none')

type Row = Registry.Provider & Discovery.Standing & { answers: boolean }

/** What there is to rent: found on chain, with what is claimed, what is proven, and who does not answer. */
export const providers: Run = async ({ config, output }, { options }) => {
  const market = await connect(config)
  const filter = filterOf(options)
  const model = typeof options['gpu'] === 'string' ? options['gpu'].toLowerCase() : ''
  const found = await output.during('Reading the registry', readAll(market, filter))
  const wanted = found.filter(({ gpuModel }) => gpuModel.toLowerCase().includes(model))
  const shown = await output.during('Asking the providers', probe(market, wanted))
  if (shown.length === 0) return { data: shown, text: nothing(options) }

  const rows = shown.map((row) => [
    String(row.providerId),
    `${eth(row.pricePerHour)}/h`,
    machine(row),
    proven(row, filter),
    row.rating === undefined ? '' : `${row.rating.mean} of 5 (${row.rating.count})`,
    row.endpoint,
    state(row),
  ])
  return {
    data: shown,
    text: table(['ID', 'PRICE', 'MACHINE (CLAIMED)', 'PROVEN', 'RATED', 'ENDPOINT', ''], rows),
  }
}

function filterOf(options: Input['options']): Discovery.Filter {
  const { all, gpu, level, maxPrice, minGpus, quorum, tee } = options
  const leastGpus = minGpus === undefined ? undefined : whole('--min-gpus', minGpus)
  return {
    maxPricePerHour: maxPrice === undefined ? undefined : ether('--max-price', maxPrice),
    minGpuCount: leastGpus ?? (gpu === undefined ? undefined : 1n),
    minLevel: level === undefined ? undefined : oneOf('--level', level, ['1', '2'] as const, Number),
    quorumId: quorum === undefined ? undefined : quorumId('--quorum', quorum),
    rentable: all !== true,
    tee: tee === undefined ? undefined : oneOf('--tee', tee, TEES, (name) => name),
    unflagged: all !== true,
  }
}

function oneOf<T extends string, R>(
  what: string,
  given: unknown,
  known: readonly T[],
  as: (text: T) => R,
): R {
  const found = known.find((name) => name === given)
  if (found !== undefined) return as(found)
  throw new UsageError(`${what} is one of ${known.join(', ')}; it was ${JSON.stringify(given)}.`)
}

async function readAll(
  { client, deployment }: Market,
  filter: Discovery.Filter,
): Promise<(Registry.Provider & Discovery.Standing)[]> {
  const all: (Registry.Provider & Discovery.Standing)[] = []
  let cursor: bigint | undefined
  do {
    const page = await Discovery.find(client, { cursor, deployment, filter })
    const read = page.providerIds.map(async (providerId) => {
      const of = { deployment, providerId }
      const [provider, standing] = await Promise.all([
        Registry.get(client, of),
        Discovery.standingOf(client, of),
      ])
      return { ...provider, ...standing }
    })
    all.push(...(await Promise.all(read)))
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return all
}

async function probe(
  market: Market,
  found: readonly (Registry.Provider & Discovery.Standing)[],
): Promise<Row[]> {
  const rows: Row[] = []
  for (let start = 0; start < found.length; start += PROBES) {
    const part = found.slice(start, start + PROBES)
    const up = await Promise.all(part.map((provider) => isUp(market, provider)))
    rows.push(...part.map((provider, index) => ({ ...provider, answers: up[index] === true })))
  }
  return rows
}

function state({ active, answers, flag }: Row): string {
  const facts = [
    ...(flag === undefined ? [] : [`flagged: ${flag}`]),
    ...(active ? [] : ['inactive']),
    ...(answers ? [] : ['does not answer']),
  ]
  return facts.join(', ')
}

/** Anyone makes a quorum, so one that was not asked for is named. */
function proven({ level, quorumId: id, tee }: Row, { quorumId: asked }: Discovery.Filter): string {
  if (level === 0) return 'nothing'
  return level === 1 && id !== asked ? `level 1, ${tee}, says quorum ${toHex(id)}` : `level ${level}, ${tee}`
}

function nothing(options: Input['options']): string {
  const asked = ['gpu', 'minGpus', 'maxPrice', 'tee', 'level'].some((name) => options[name] !== undefined)
  if (!asked) return 'Nobody offers anything here yet.'
  const isNameless = options['level'] === '1' && options['quorum'] === undefined
  return isNameless
    ? 'Nobody offers that here; level 1 counts for the quorum alone that --quorum names.'
    : 'Nobody offers that here; ask for less, or --all.'
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
