import type { Bytes } from './Bytes.ts'
import type { Window } from './Chain.ts'
import type { Collateral } from './Collateral.ts'
import type { Field } from './Json.ts'
import { refuse } from './Refusal.ts'
import { bytes, type Context, signedJson, type Tee } from './SignedJson.ts'
import { type IsvMinimums, isvLevels, type Level, levels, PLATFORM_STATUSES } from './Tcb.ts'

export type PlatformMinimums = {
  svns: readonly number[]
  pceSvn: number
  tdxSvns: readonly number[] | undefined
}
export type ModuleIdentity = { mrSigner: Bytes; attributes: Bytes; attributesMask: Bytes }

/** What Intel says of a platform model: which versions it rates how. */
export type TcbInfo = {
  fmspc: Bytes
  pceId: Bytes
  evaluation: number
  levels: readonly Level<PlatformMinimums>[]
  module: ModuleIdentity | undefined
  /** By name, such as `TDX_01`. */
  modules: ReadonlyMap<string, ModuleIdentity & { levels: readonly Level<IsvMinimums>[] }>
}

/** Checks who signed the TCB info and when it holds, then reads it. */
export async function tcbInfo(
  { tcbInfo: text, tcbInfoIssuerChain, tcbInfoSignature }: Collateral,
  context: Context,
): Promise<{ info: TcbInfo; window: Window }> {
  const subject = 'TCB info'
  const signer = { issuerChain: tcbInfoIssuerChain, name: 'TCB_INFO', signature: tcbInfoSignature } as const
  const { fields, window } = await signedJson(text, { ...signer, context, subject })
  const kind = `${fields.at('id').text()} version ${fields.at('version').count()}`
  const wanted = context.tee === 'tdx' ? 'TDX version 3' : 'SGX version 3'
  if (kind !== wanted) refuse('TCB_INFO_KIND', subject, { bound: wanted, value: kind })
  const modules = new Map(
    (fields.optional('tdxModuleIdentities')?.list() ?? []).map((module) => [
      module.at('id').text().toUpperCase(),
      { ...moduleIdentity(module), levels: isvLevels(module.at('tcbLevels')) },
    ]),
  )
  const module = fields.optional('tdxModule')
  const info: TcbInfo = {
    evaluation: fields.at('tcbEvaluationDataNumber').count(),
    fmspc: bytes(fields.at('fmspc'), 6),
    levels: levels(fields.at('tcbLevels'), {
      read: (tcb) => platformMinimums(tcb, context.tee),
      statuses: PLATFORM_STATUSES,
    }),
    module: module && moduleIdentity(module),
    modules,
    pceId: bytes(fields.at('pceId'), 2),
  }
  return { info, window }
}

function platformMinimums(tcb: Field, tee: Tee): PlatformMinimums {
  const components = (key: string): readonly number[] => {
    const svns = tcb
      .at(key)
      .list()
      .map((component) => component.at('svn').count())
    if (svns.length !== 16)
      refuse('JSON', `TCB info's ${key}`, { bound: '16 components', value: svns.length })
    return svns
  }
  return {
    pceSvn: tcb.at('pcesvn').count(),
    svns: components('sgxtcbcomponents'),
    tdxSvns: tee === 'tdx' ? components('tdxtcbcomponents') : undefined,
  }
}

function moduleIdentity(field: Field): ModuleIdentity {
  return {
    attributes: bytes(field.at('attributes'), 8),
    attributesMask: bytes(field.at('attributesMask'), 8),
    mrSigner: bytes(field.at('mrsigner'), 48),
  }
}
