import { type Bytes, equal, fromBase64, fromHex } from './Bytes.ts'
import { verifyChain, type Window } from './Chain.ts'
import * as Der from './Der.ts'
import { parse } from './Json.ts'
import { type Ask, checkRevocations } from './Ocsp.ts'
import * as Pem from './Pem.ts'
import { judge, refuse, type Verdict } from './Refusal.ts'
import { NVIDIA_DEVICE_ROOT } from './Roots.ts'
import { verify as verifySignature } from './Signature.ts'
import { type Spdm, spdm } from './Spdm.ts'
import { type Certificate, certificate, spkiHash } from './X509.ts'

/** What one GPU or switch says of itself: an SPDM exchange and the device's certificate chain, PEM. */
export type Evidence = { report: Uint8Array; chain: Uint8Array | string }

/**
 * What genuine evidence proves: a key of a genuine device signed these measurements and this nonce.
 * Warning: not that the measurements are good; see `Rim` and `Nras`.
 */
export type Claims = {
  architecture: 'blackwell' | 'hopper' | 'nvswitch'
  model: string
  /** SHA-256 of the key burnt into the device: one per device, whatever firmware it runs. */
  deviceId: string
  /** The certificate serial number that NVIDIA's services call ueid, as they write it. */
  ueid: string
  driver: string | undefined
  firmware: string | undefined
  nonce: Uint8Array
  /** Whether the leaf certificate certifies the firmware that the report names; old firmware names none. */
  firmwareId: 'matched' | 'not given'
  measurements: ReadonlyMap<number, Uint8Array>
  opaque: ReadonlyMap<number, Uint8Array>
  /** Whether NVIDIA was asked if it had revoked one of the certificates. The leaf is the device's own work. */
  revocation: 'checked' | 'not checked'
  window: Window
}

const DRIVER = 3
const VBIOS = 6
const FIRMWARE_ID = 20
const ARCHITECTURES = { GB: 'blackwell', GH: 'hopper', LS: 'nvswitch' } as const
const SHA384 = '2.16.840.1.101.3.4.2.2'

/** Verifies the evidence of one device of Hopper, Blackwell or NVSwitch, for the nonce that was asked with. */
export function verify(evidence: Evidence, options: verify.Options): Promise<Verdict<Claims>> {
  return judge(() => verified(evidence, options))
}

export declare namespace verify {
  type Options = {
    at: bigint
    /** The 32 bytes that the verifier chose, or that the binding gives. */
    nonce: Uint8Array
    /** Asks what NVIDIA has revoked, as `Ocsp.askAt` does. */
    ocsp?: Ask | undefined
    roots?: readonly string[]
  }
}

/** Reads the JSON that NVIDIA's tools collect: a list of {arch, certificate, evidence, nonce}. */
export function fromJson(text: string): readonly (Evidence & { nonce: Bytes })[] {
  return parse(text, 'GPU evidence')
    .list()
    .map((item) => ({
      chain: fromBase64(item.at('certificate').text(), { subject: 'GPU certificate chain' }),
      nonce: fromHex(item.at('nonce').text(), { length: 32, subject: 'GPU nonce' }),
      report: fromBase64(item.at('evidence').text(), { subject: 'GPU report' }),
    }))
}

async function verified({ chain: pem, report }: Evidence, options: verify.Options): Promise<Claims> {
  const { at, nonce, ocsp, roots = [NVIDIA_DEVICE_ROOT] } = options
  const message = spdm(report)
  const subject = 'GPU chain'
  const chain = Pem.certificates(pem, subject).map((der) => certificate(der, subject))
  const [leaf, device, ...rest] = chain
  if (!leaf || !device || rest.length !== 3) {
    return refuse('CHAIN_LENGTH', subject, { bound: '5 certificates', value: chain.length })
  }
  const window = await verifyChain(chain, { at, roots, subject })
  const { signature, signed } = message
  if (!(await verifySignature(leaf.key, { algorithm: 'ecdsa-sha384', message: signed, signature }))) {
    refuse('SPDM_SIGNATURE', "the GPU report's signature", {
      bound: `made by "${leaf.commonName}"`,
      value: 'wrong',
    })
  }
  if (!equal(message.nonce, nonce)) {
    refuse('GPU_NONCE', "the GPU report's nonce", { bound: nonce, value: message.nonce })
  }
  const firmwareId = checkFirmware(message, leaf)
  if (ocsp) await checkRevocations(chain.slice(1), { ask: ocsp, at, subject })
  return {
    architecture: architecture(device),
    deviceId: await spkiHash(device),
    driver: text(message.opaque.get(DRIVER)),
    firmware: firmware(message.opaque.get(VBIOS)),
    firmwareId,
    measurements: message.measurements,
    model: device.commonName,
    nonce: message.nonce,
    opaque: message.opaque,
    revocation: ocsp ? 'checked' : 'not checked',
    ueid: BigInt(`0x${leaf.serial}`).toString(),
    window,
  }
}

function architecture({ commonName }: Certificate): Claims['architecture'] {
  const found = ARCHITECTURES[commonName.slice(0, 2) as keyof typeof ARCHITECTURES] as
    | Claims['architecture']
    | undefined
  const bound = 'GH (Hopper), GB (Blackwell) or LS (NVSwitch)'
  return found ?? refuse('GPU_ARCHITECTURE', 'the GPU model', { bound, value: commonName })
}

/** The digest of the firmware that runs is in the report; the device's boot ROM certified it in the leaf. */
function checkFirmware({ opaque }: Spdm, leaf: Certificate): Claims['firmwareId'] {
  const reported = opaque.get(FIRMWARE_ID)
  if (!reported) return 'not given'
  const certified = certifiedFirmware(leaf)
  if (!certified || !equal(reported, certified)) {
    refuse('GPU_FWID', "the GPU report's firmware id", {
      bound: certified ?? 'one that is certified',
      value: reported,
    })
  }
  return 'matched'
}

/** DICE in two forms: Hopper's CompositeDeviceID, Blackwell's TcbInfo whose first firmware id counts. */
function certifiedFirmware({ extensions }: Certificate): Bytes | undefined {
  const subject = 'DICE extension'
  const composite = extensions.get('2.23.133.5.4.1')
  if (composite) {
    const [, , firmwareId] = Der.sequence(Der.decode(composite, subject), subject)
    return digest(firmwareId, subject)
  }
  const info = extensions.get('2.23.133.5.4.1.1')
  if (!info) return undefined
  const list = Der.sequence(Der.decode(info, subject), subject).find(({ tag }) => tag === 0xa6)
  return list && digest(Der.children(list, subject)[0], subject)
}

function digest(element: Der.Element | undefined, subject: string): Bytes | undefined {
  const [algorithm, value] = Der.sequence(element, subject)
  return Der.oid(algorithm, subject) === SHA384 ? Der.octets(value, subject) : undefined
}

/** GPUs write their VBIOS version as bytes, four of them turned around; switches write text. */
function firmware(field: Bytes | undefined): string | undefined {
  if (field?.length !== 8) return text(field)
  const parts = [...field.slice(0, 4).reverse(), ...field.subarray(4, 5)]
  return parts.map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('.')
}

function text(field: Bytes | undefined): string | undefined {
  return field && String.fromCharCode(...field.subarray(0, 64)).replace(/\0+$/, '')
}
