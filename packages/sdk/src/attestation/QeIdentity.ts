import type { Bytes } from './Bytes.ts'
import type { Window } from './Chain.ts'
import type { Collateral } from './Collateral.ts'
import { refuse } from './Refusal.ts'
import { bytes, type Context, signedJson } from './SignedJson.ts'
import { type IsvMinimums, isvLevels, type Level } from './Tcb.ts'

/** What Intel says its quoting enclave is, and how it rates its versions. */
export type QeIdentity = {
  evaluation: number
  miscSelect: Bytes
  miscSelectMask: Bytes
  attributes: Bytes
  attributesMask: Bytes
  mrSigner: Bytes
  isvProdId: number
  levels: readonly Level<IsvMinimums>[]
}

/** Checks who signed the quoting enclave's identity and when it holds, then reads it. */
export async function qeIdentity(
  { qeIdentity: text, qeIdentityIssuerChain, qeIdentitySignature }: Collateral,
  context: Context,
): Promise<{ identity: QeIdentity; window: Window }> {
  const subject = 'QE identity'
  const signer = {
    issuerChain: qeIdentityIssuerChain,
    name: 'QE_IDENTITY',
    signature: qeIdentitySignature,
  } as const
  const { fields, window } = await signedJson(text, { ...signer, context, subject })
  const kind = `${fields.at('id').text()} version ${fields.at('version').count()}`
  const wanted = context.tee === 'tdx' ? 'TD_QE version 2' : 'QE version 2'
  if (kind !== wanted) refuse('QE_IDENTITY_KIND', subject, { bound: wanted, value: kind })
  const identity: QeIdentity = {
    attributes: bytes(fields.at('attributes'), 16),
    attributesMask: bytes(fields.at('attributesMask'), 16),
    evaluation: fields.at('tcbEvaluationDataNumber').count(),
    isvProdId: fields.at('isvprodid').count(),
    levels: isvLevels(fields.at('tcbLevels')),
    miscSelect: bytes(fields.at('miscselect'), 4),
    miscSelectMask: bytes(fields.at('miscselectMask'), 4),
    mrSigner: bytes(fields.at('mrsigner'), 32),
  }
  return { identity, window }
}
