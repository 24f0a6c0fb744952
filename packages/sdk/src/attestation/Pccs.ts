import { type Address, bytesToHex, type Client, type Hex } from 'viem'
import { readContract } from 'viem/actions'
import { PccsAbi as abi } from '../Deployment.ts'
import type { Collateral } from './Collateral.ts'
import { type Crl, crl } from './Crl.ts'
import { parse } from './Json.ts'
import type { Fetched } from './Pcs.ts'
import * as Pem from './Pem.ts'
import { refuse } from './Refusal.ts'
import { authorityKey, type Submission } from './Submission.ts'
import { type Certificate, certificate } from './X509.ts'

/** One call of the contract `Pccs` that brings what it lacks. Anyone may send it. */
export type Call = {
  address: Address
  abi: typeof abi
  functionName: 'addAuthority' | 'registerPck' | 'updateCrl' | 'updateQeIdentity' | 'updateTcbInfo'
  args: readonly unknown[]
}

/** As the contract numbers them. */
const TEE = { sgx: 0, tdx: 1 } as const

/**
 * The calls that bring on chain what is newer in `collateral` than what is there, in the order to send them; none where
 * the chain is as new. With a quote's `submission`, its PCK certificate too. The contract checks all of it again.
 */
export async function missing(client: Client, options: missing.Options): Promise<readonly Call[]> {
  const { address, collateral, submission } = options
  const chain: Chain = { address, client }
  const [authority] = certificates(collateral.pckCrlIssuerChain, 'PCK authority')
  const calls = [
    await newerCrl(chain, await root(chain), crl(collateral.rootCaCrl, 'root CRL'), collateral.rootCaCrl),
    await newAuthority(chain, authority),
    await newerCrl(chain, authorityKey(authority), crl(collateral.pckCrl, 'PCK CRL'), collateral.pckCrl),
    ...(await newerDocuments(chain, collateral)),
    submission && (await newPck(chain, submission)),
  ]
  return calls.filter((call) => call !== undefined)
}

export declare namespace missing {
  type Options = { address: Address; collateral: Fetched; submission?: Submission }
}

/** Until when what the chain has holds, in seconds, and since when its documents do: see `stateOf`. */
export type State = {
  rootCrl: { from: bigint; until: bigint }
  pckCrl: { from: bigint; until: bigint }
  tcbInfo: { from: bigint; until: bigint }
  qeIdentity: { from: bigint; until: bigint }
}

/** The collateral on chain that rates a quote. Zeros for what is not there, or no longer counts. */
export async function stateOf(client: Client, options: stateOf.Options): Promise<State> {
  const { address, evaluation, submission } = options
  const chain: Chain = { address, client }
  const { authority, fmspc, pceId } = submission.pck
  const tee = TEE[submission.tee]
  const [rootCrl, pckCrl, info, identity] = await Promise.all([
    listOf(chain, await root(chain)),
    listOf(chain, authority),
    readContract(client, {
      abi,
      address,
      args: [tee, fmspc, pceId, evaluation],
      functionName: 'tcbInfoDates',
    }),
    readContract(client, { abi, address, args: [tee, evaluation], functionName: 'qeIdentityDates' }),
  ])
  const dates = ([from, until]: readonly [bigint, bigint]) => ({ from, until })
  return { pckCrl, qeIdentity: dates(identity), rootCrl, tcbInfo: dates(info) }
}

export declare namespace stateOf {
  type Options = { address: Address; submission: Submission; evaluation: number }
}

/** The same dates of collateral that is at hand. */
export function datesOf(collateral: Collateral): State {
  const list = (der: Uint8Array, subject: string) => {
    const { nextUpdate: until, thisUpdate: from } = crl(der, subject)
    return { from, until }
  }
  const document = (text: string, subject: string) => {
    const fields = parse(text, subject)
    return { from: fields.at('issueDate').time(), until: fields.at('nextUpdate').time() }
  }
  return {
    pckCrl: list(collateral.pckCrl, 'PCK CRL'),
    qeIdentity: document(collateral.qeIdentity, 'QE identity'),
    rootCrl: list(collateral.rootCaCrl, 'root CRL'),
    tcbInfo: document(collateral.tcbInfo, 'TCB info'),
  }
}

/** The name of the root key that the contract is pinned to. */
export function rootOf(client: Client, { address }: { address: Address }): Promise<Hex> {
  return root({ address, client })
}

type Chain = { address: Address; client: Client }

function root({ address, client }: Chain): Promise<Hex> {
  return readContract(client, { abi, address, functionName: 'rootKey' })
}

async function listOf({ address, client }: Chain, key: Hex) {
  const kept = await readContract(client, { abi, address, args: [key], functionName: 'authorityOf' })
  return { from: BigInt(kept.crlThisUpdate), until: BigInt(kept.crlNextUpdate) }
}

async function newerCrl(chain: Chain, key: Hex, list: Crl, der: Uint8Array): Promise<Call | undefined> {
  const { from } = await listOf(chain, key)
  return list.thisUpdate > from ? call(chain, 'updateCrl', [key, bytesToHex(der)]) : undefined
}

async function newAuthority(chain: Chain, found: Certificate): Promise<Call | undefined> {
  const { address, client } = chain
  const args = [authorityKey(found)] as const
  const kept = await readContract(client, { abi, address, args, functionName: 'authorityOf' })
  return found.notBefore > BigInt(kept.notBefore)
    ? call(chain, 'addAuthority', [bytesToHex(found.raw)])
    : undefined
}

/** TCB info and QE identity, and whoever signed them where the chain does not know that key yet. */
async function newerDocuments(chain: Chain, collateral: Fetched): Promise<readonly (Call | undefined)[]> {
  const { qeIdentity, qeIdentityIssuerChain, tcbInfo, tcbInfoIssuerChain } = collateral
  const [signer] = certificates(tcbInfoIssuerChain, 'TCB info issuer')
  const [other] = certificates(qeIdentityIssuerChain, 'QE identity issuer')
  const info = parse(tcbInfo, 'TCB info')
  const identity = parse(qeIdentity, 'QE identity')
  const tee = info.at('id').text() === 'TDX' ? TEE.tdx : TEE.sgx
  const evaluation = info.at('tcbEvaluationDataNumber').count()
  const { address, client } = chain
  const kept = await readContract(client, { abi, address, args: [tee], functionName: 'evaluationsOf' })
  // The contract takes no document of an evaluation before those that count.
  const counts = (number: number) => number >= kept.oldest
  const [infoSince] = await readContract(client, {
    abi,
    address,
    args: [tee, `0x${info.at('fmspc').text()}`, `0x${info.at('pceId').text()}`, evaluation],
    functionName: 'tcbInfoDates',
  })
  const identityEvaluation = identity.at('tcbEvaluationDataNumber').count()
  const [identitySince] = await readContract(client, {
    abi,
    address,
    args: [tee, identityEvaluation],
    functionName: 'qeIdentityDates',
  })
  const isSame = authorityKey(signer) === authorityKey(other)
  return [
    await newAuthority(chain, signer),
    isSame ? undefined : await newAuthority(chain, other),
    counts(evaluation) && info.at('issueDate').time() > infoSince
      ? call(chain, 'updateTcbInfo', document(signer, tcbInfo, collateral.tcbInfoSignature))
      : undefined,
    counts(identityEvaluation) && identity.at('issueDate').time() > identitySince
      ? call(chain, 'updateQeIdentity', document(other, qeIdentity, collateral.qeIdentitySignature))
      : undefined,
  ]
}

async function newPck(chain: Chain, { certificate: der, pck }: Submission): Promise<Call | undefined> {
  const { address, client } = chain
  const [known] = await readContract(client, { abi, address, args: [pck], functionName: 'pckStatus' })
  return known ? undefined : call(chain, 'registerPck', [pck.authority, bytesToHex(der)])
}

function document(signer: Certificate, json: string, signature: Uint8Array): readonly unknown[] {
  const text = new TextEncoder().encode(json)
  return [
    authorityKey(signer),
    bytesToHex(text),
    bytesToHex(signature.subarray(0, 32)),
    bytesToHex(signature.subarray(32)),
  ]
}

function call({ address }: Chain, functionName: Call['functionName'], args: readonly unknown[]): Call {
  return { abi, address, args, functionName }
}

function certificates(pem: string, subject: string): readonly [Certificate, ...Certificate[]] {
  const [first, ...rest] = Pem.certificates(pem, subject).map((der) => certificate(der, subject))
  return first
    ? [first, ...rest]
    : refuse('CHAIN_LENGTH', subject, { bound: 'at least one certificate', value: 0 })
}
