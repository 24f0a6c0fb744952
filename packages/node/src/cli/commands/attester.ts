import {
  Attestation,
  AttesterQuorumsAbi,
  ComputeError,
  type Deployment,
  Registry,
  revertOf,
  Staking,
} from '@jejunetwork/sdk'
import { type Address, type Hex, parseEther, toHex } from 'viem'
import { eth } from '../../money.ts'
import type { Config } from '../config.ts'
import { connect, type Market } from '../connect.ts'
import type { Input, Run } from '../context.ts'
import { UsageError } from '../errors.ts'
import { bytes, read } from '../files.ts'
import { address, ether, quorumId, whole } from '../input.ts'
import { unlock, walletOn } from '../keys.ts'
import { facts, print } from '../output.ts'
import { requireNoRole } from '../requireNoRole.ts'
import { shownBy } from '../shownBy.ts'

const ATTESTER_STAKE = parseEther('1')

const { QuorumVerdict, RefusedError, Verdicts } = Attestation

/** Stakes, and takes on the attester's role. */
export const join: Run = async ({ config, output }, { options }) => {
  const given = options['stake'] === undefined ? undefined : ether('--stake', options['stake'])
  const market = await connect(config)
  const { account } = await unlock(config, { market, role: 'user' })
  const { address } = account
  await requireNoRole(market, { account: address, role: 'attester' })
  const missing = await Staking.missing(market.client, {
    account: address,
    deployment: market.deployment,
    needed: ATTESTER_STAKE,
  })
  const amount = given ?? missing
  if (amount < missing)
    throw new UsageError(`${address} must stake ${eth(missing)} at least; nothing was staked.`)
  if (amount > 0n && !market.isLocal) await output.confirm(`Stake ${eth(amount)} and become an attester?`)
  const { deployment } = market
  const sent = Verdicts.become(walletOn(market, account), { amount, deployment })
  const { hash } = await output.during('Joining', sent)
  return {
    data: { address, hash },
    text: facts({ attester: address, staked: eth(amount), transaction: hash }),
  }
}

export const resign: Run = async ({ config, output }) => {
  const market = await connect(config)
  const { account } = await unlock(config, { market, role: 'user' })
  const { deployment } = market
  const sent = Verdicts.resign(walletOn(market, account), { deployment })
  const { hash } = await output.during('Resigning', sent)
  const { address } = account
  const text = `${address} is no attester; its stake leaves by \`jeju-compute ledger unstake\`, and can be slashed until it has left.`
  return { data: { address, hash }, text }
}

export const quorum: Run = async ({ config, output }, { args, options }) => {
  const members = (args[0] ?? '').split(',').map((member) => address('Each member', member))
  const threshold =
    options['threshold'] === undefined ? members.length : Number(whole('--threshold', options['threshold']))
  const market = await connect(config)
  const { account } = await unlock(config, { market, role: 'user' })
  const wallet = walletOn(market, account)
  const made = Verdicts.createQuorum(wallet, { deployment: market.deployment, members, threshold })
  const { hash, quorumId: id } = await output.during('Making the quorum', made)
  const shown = `0x${id.toString(16)}`
  return { data: { hash, quorumId: shown }, text: facts({ quorum: shown, transaction: hash }) }
}

/** Prints the signed verdict as JSON, or says which check refused the evidence, and signs nothing. */
export const sign: Run = async (context, { options }) => {
  const { config, output } = context
  const providerId = whole('--provider', options['provider'])
  const id = quorumId('--quorum', options['quorum'])
  const market = await connect(config)
  const shown = await shownBy(market, { file: options['evidence'], providerId, signal: context.signal })
  const asked: Asked = { config, id, options, providerId, shown, signal: context.signal }
  const { account } = await unlock(config, { market, role: 'user' })
  const judged = await output.during('Verifying', judge(market, asked))
  if (!judged.ok) throw new RefusedError(judged.refusal)

  const { evidence, verdict } = judged.claims
  const { deployment } = market
  const fault =
    options['gpus'] === true
      ? undefined
      : await Verdicts.faultOf(market.client, { deployment, evidence, verdict })
  if (fault)
    throw new UsageError(`Not signed: the chain finds the ${fault.fault} wrong, and would refute it.`)
  const domain = domainOf(deployment)
  const signature = await QuorumVerdict.sign(verdict, { ...domain, account })
  if (!(await membersOf(market, id)).includes(account.address))
    output.say(
      `${account.address} is no member of quorum ${toHex(id)} on this chain: there this verdict counts for nothing.`,
    )
  const { binding } = shown
  const signed = { binding, evidence, signature, signer: account.address, verdict }
  print({ data: signed, text: QuorumVerdict.toJson(signed) }, { json: context.json })
  return { exitCode: 0 }
}

/** Puts the verdict of the files on chain, each of which one member signed. */
export const submit: Run = async ({ config, output }, { args }) => {
  const signed = args.map((file) => QuorumVerdict.fromJson(read('A verdict', file)))
  const market = await connect(config)
  const { deployment } = market
  const [first, ...others] = signed.map(({ verdict }) => QuorumVerdict.hash(verdict, domainOf(deployment)))
  const stranger = others.findIndex((digest) => digest !== first)
  if (stranger >= 0)
    throw new UsageError(
      `${args[stranger + 1]} is of another verdict than ${args[0]}; all sign the same one, of one second and evidence, by --issued-at.`,
    )
  const { account } = await unlock(config, { market, role: 'provider' })
  const sent = Verdicts.put(walletOn(market, account), { deployment, signed })
  const { digest, hash } = await output.during('Submitting', sent)
  return { data: { digest, hash }, text: facts({ verdict: digest, transaction: hash }) }
}

export const refute: Run = async ({ config, output }, { args }) => {
  const digest = args[0] ?? ''
  if (!/^0x[0-9a-fA-F]{64}$/.test(digest))
    throw new UsageError('Give the digest of a verdict, 0x and 64 digits.')
  const market = await connect(config)
  const { account } = await unlock(config, { market, role: 'user' })
  const wallet = walletOn(market, account)
  const sent = Verdicts.refute(wallet, { deployment: market.deployment, digest: digest as Hex })
  const { fault, hash, signers } = await output.during('Recomputing', sent)
  return {
    data: { fault, hash, signers },
    text: facts({ 'wrong is its': fault, 'lost their stake': signers.join(', '), transaction: hash }),
  }
}

type Asked = {
  config: Config
  id: bigint
  options: Input['options']
  providerId: bigint
  shown: Attestation.Evidence.Shown
  signal: AbortSignal
}

/** Judges the machine or, with `--gpus`, what sits in it. */
async function judge({ client, deployment }: Market, asked: Asked): ReturnType<typeof QuorumVerdict.ofSnp> {
  const { config, id, options, providerId, shown, signal } = asked
  const { binding, report } = shown
  const keys = options['gpus'] === true ? undefined : keysOf(shown, options)
  const { owner: provider } = await Registry.get(client, { deployment, providerId })
  const [agentId = 0n, head] = await Promise.all([
    Registry.agentIdOf(client, { deployment, providerId }),
    client.getBlock(),
  ])
  // One that does not exist yet is refused for its number.
  const { blockNumber } = binding
  const bound = blockNumber < head.number ? await client.getBlock({ blockNumber }) : head
  const issuedAt = options['issuedAt']
  const { chainId, registry } = domainOf(deployment)
  const scene = {
    at: issuedAt === undefined ? head.timestamp : whole('--issued-at', issuedAt),
    binding,
    expected: { agentId, chainId: BigInt(chainId), provider, registry },
    head: { hashAt: bound.hash, number: head.number },
    providerId,
    quorumId: id,
  }
  const { amdRoots, gpuRoots, rimRoots } = config.teeRoots
  if (keys) {
    const pinned = { ...keys, ...(amdRoots ? { roots: amdRoots } : {}) }
    const crl = await revocations(asked, { ...pinned, at: scene.at })
    return QuorumVerdict.ofSnp(report, { ...scene, ...pinned, crl })
  }
  const measures = measured(options)
  const ocsp = measures.rims && Attestation.Ocsp.askAt({ signal, url: config.ocspUrl })
  const pinned = { rimRoots, roots: gpuRoots }
  return orNothing(Attestation.ofGpus(shown.gpus, { ...scene, ...measures, ...pinned, ocsp }), {
    mend: "name a mirror in JEJU_OCSP_URL, or give the word of NVIDIA's attestation service by --nras",
  })
}

/** By what GPUs are measured: NVIDIA's service, or its reference manifests. */
function measured({
  nras,
  nrasKeys,
  rim,
}: Input['options']): Pick<Attestation.ofGpus.Options, 'nras' | 'rims'> {
  if (nras !== undefined)
    return { nras: { eat: read('--nras', nras), keySet: read('--nras-keys', nrasKeys) } }
  if (typeof rim === 'string') return { rims: rim.split(',').map((file) => read('--rim', file)) }
  throw new UsageError(
    'GPUs are measured by --rim, with NVIDIA’s manifests of driver and firmware, or by --nras and --nras-keys.',
  )
}

/** The certificates of a SEV-SNP machine's key: those of the files, or those that its host gave along. */
function keysOf(
  { certificates = new Uint8Array(), tee }: Attestation.Evidence.Shown,
  { chain, vcek }: Input['options'],
): Pick<Attestation.Snp.verify.Options, 'chain' | 'vek'> {
  if (tee !== 'sev-snp')
    throw new UsageError(
      `Attesters judge SEV-SNP machines, and GPUs with --gpus; this machine is of ${tee}, which the chain itself verifies.`,
    )
  if (vcek !== undefined && chain !== undefined)
    return { chain: bytes('--chain', chain), vek: bytes('--vcek', vcek) }
  if (certificates.length > 0) return Attestation.Snp.certificatesIn(certificates)
  throw new UsageError(
    'The evidence lacks certificates; give --vcek and --chain, from https://kdsintf.amd.com.',
  )
}

/** AMD's list of revoked authorities: that of the file, or AMD's of now. */
async function revocations(
  { config: { kdsUrl: url }, options, shown: { report }, signal }: Asked,
  keys: Attestation.Snp.verify.Options,
): Promise<Uint8Array> {
  const { crl } = options
  if (crl !== undefined) return bytes('--crl', crl)
  const verdict = await Attestation.Snp.verify(report, keys)
  if (!verdict.ok) throw new RefusedError(verdict.refusal)
  const { product } = verdict.claims
  const { signingKey } = verdict.claims.report
  const mend = 'give it by --crl, or name a mirror in JEJU_KDS_URL'
  return orNothing(Attestation.Kds.fetchRevocations({ product, signal, signingKey, url }), { mend })
}

/** What a vendor's service says; without it nothing is signed, and the error says what helps. */
async function orNothing<T>(asked: Promise<T>, { mend }: { mend: string }): Promise<T> {
  try {
    return await asked
  } catch (cause) {
    if (cause instanceof Attestation.Kds.CollateralUnavailableError)
      throw new NoRevocationsError(cause, { mend })
    throw cause
  }
}

/** Nothing is signed while nobody says what the vendor has revoked. */
export class NoRevocationsError extends ComputeError {
  override readonly name = 'NoRevocationsError'
  override readonly retryable = true

  constructor(cause: Error, { mend }: { mend: string }) {
    super(`${cause.message} Nothing is signed without knowing what was revoked; ${mend}.`, { cause })
  }
}

/** None where nobody has made the quorum. */
async function membersOf({ client, deployment }: Market, id: bigint): Promise<readonly Address[]> {
  const functionName = 'quorumOf'
  const quorums = { abi: AttesterQuorumsAbi, address: deployment.attesterQuorums } as const
  try {
    const [members] = await client.readContract({ ...quorums, args: [id], functionName })
    return members
  } catch (error) {
    if (revertOf(error, { functionName })?.errorName === 'QuorumUnknown') return []
    throw error
  }
}

function domainOf({ attestationRegistry, chainId }: Deployment): { chainId: number; registry: Address } {
  return { chainId, registry: attestationRegistry }
}
