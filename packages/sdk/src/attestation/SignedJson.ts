import { type Bytes, fromHex, utf8 } from './Bytes.ts'
import { checkName, checkWindow, intersect, verifyChain, type Window } from './Chain.ts'
import { type Crl, checkNotRevoked } from './Crl.ts'
import { type Field, parse } from './Json.ts'
import * as Pem from './Pem.ts'
import { refuse } from './Refusal.ts'
import { verify } from './Signature.ts'
import { certificate } from './X509.ts'

/** Which of the two kinds of evidence a document of Intel's is about. */
export type Tee = 'sgx' | 'tdx'

export type Context = { at: bigint; roots: readonly string[]; rootCrl: Crl; tee: Tee }

const SIGNER = 'Intel SGX TCB Signing'

/** Checks who signed a JSON text of Intel's, over its exact bytes, and when it holds, before it is read. */
export async function signedJson(text: string, options: signedJson.Options): Promise<Verified> {
  const { context, issuerChain, name, signature, subject } = options
  const { at, rootCrl, roots } = context
  const issuer = `${subject} issuer`
  const chain = Pem.certificates(issuerChain, issuer).map((der) => certificate(der, issuer))
  const [signer, ...rest] = chain
  if (!signer || rest.length !== 1) {
    return refuse('CHAIN_LENGTH', `${issuer} chain`, { bound: 'signer and root', value: chain.length })
  }
  const dates = await verifyChain(chain, { at, roots, subject: issuer })
  checkName(signer, { subject: issuer, wanted: SIGNER })
  checkNotRevoked(signer, { list: rootCrl, subject: issuer })
  const message = utf8(text)
  const raw = new Uint8Array(signature)
  if (!(await verify(signer.key, { algorithm: 'ecdsa-sha256', message, signature: raw }))) {
    refuse(`${name}_SIGNATURE`, `${subject}'s signature`, { bound: `made by "${SIGNER}"`, value: 'wrong' })
  }
  const fields = parse(text, subject)
  const window = { from: fields.at('issueDate').time(), until: fields.at('nextUpdate').time() }
  checkWindow(window, { at, kind: name, subject })
  return { fields, window: intersect(dates, window) }
}

export type Verified = { fields: Field; window: Window }

export declare namespace signedJson {
  type Options = {
    context: Context
    issuerChain: string
    name: 'QE_IDENTITY' | 'TCB_INFO'
    signature: Uint8Array
    subject: string
  }
}

/** A field in hexadecimal, of a fixed length. */
export function bytes(field: Field, length: number): Bytes {
  return fromHex(field.text(), { length, subject: 'a field of the collateral' })
}
