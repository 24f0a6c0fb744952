import { type Bytes, fromHex, hex } from './Bytes.ts'
import { type Field, parse } from './Json.ts'

/**
 * What Intel publishes beside a quote, as `api.trustedservices.intel.com` and every PCCS serve it.
 * `tcbInfo` and `qeIdentity` are the exact JSON texts that were signed.
 */
export type Collateral = {
  rootCaCrl: Uint8Array
  pckCrl: Uint8Array
  tcbInfo: string
  tcbInfoSignature: Uint8Array
  tcbInfoIssuerChain: string
  qeIdentity: string
  qeIdentitySignature: Uint8Array
  qeIdentityIssuerChain: string
}

/** Reads collateral in the snake_case JSON that DCAP tools exchange; binary fields in hexadecimal. */
export function fromJson(text: string): Collateral {
  return fromFields(parse(text, 'collateral'))
}

/** The same, out of JSON that was read already. Throws a `RefusedError` that names what is missing. */
export function fromFields(fields: Field): Collateral {
  const string = (key: string): string => fields.at(key).text()
  const binary = (key: string): Bytes => fromHex(string(key), { subject: `collateral.${key}` })
  return {
    pckCrl: binary('pck_crl'),
    qeIdentity: string('qe_identity'),
    qeIdentityIssuerChain: string('qe_identity_issuer_chain'),
    qeIdentitySignature: binary('qe_identity_signature'),
    rootCaCrl: binary('root_ca_crl'),
    tcbInfo: string('tcb_info'),
    tcbInfoIssuerChain: string('tcb_info_issuer_chain'),
    tcbInfoSignature: binary('tcb_info_signature'),
  }
}

/** The same fields, to be written as JSON. */
export function toFields(collateral: Collateral): Readonly<Record<string, string>> {
  return {
    pck_crl: hex(collateral.pckCrl),
    qe_identity: collateral.qeIdentity,
    qe_identity_issuer_chain: collateral.qeIdentityIssuerChain,
    qe_identity_signature: hex(collateral.qeIdentitySignature),
    root_ca_crl: hex(collateral.rootCaCrl),
    tcb_info: collateral.tcbInfo,
    tcb_info_issuer_chain: collateral.tcbInfoIssuerChain,
    tcb_info_signature: hex(collateral.tcbInfoSignature),
  }
}
