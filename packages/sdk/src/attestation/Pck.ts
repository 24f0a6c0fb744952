import type { Bytes } from './Bytes.ts'
import * as Der from './Der.ts'
import { refuse } from './Refusal.ts'
import type { Certificate } from './X509.ts'

/** What Intel wrote about a platform into its PCK certificate. */
export type Platform = {
  /** The sixteen security versions of the processor. */
  svns: readonly number[]
  pceSvn: number
  fmspc: Bytes
  pceId: Bytes
  ppid: Bytes
}

const EXTENSION = '1.2.840.113741.1.13.1'
const SUBJECT = "PCK certificate's SGX extension"

/** Reads what a PCK certificate says of its platform. Throws a `RefusedError`. */
export function platform(certificate: Certificate): Platform {
  const value = certificate.extensions.get(EXTENSION)
  if (!value) return refuse('PCK_EXTENSION', SUBJECT, { bound: `extension ${EXTENSION}`, value: 'missing' })
  const fields = pairs(Der.decode(value, SUBJECT))
  const tcb = pairs(fields.get(`${EXTENSION}.2`))
  const svn = (index: number, limit: number): number => {
    const found = Der.small(tcb.get(`${EXTENSION}.2.${index}`), `${SUBJECT}, TCB component ${index}`)
    if (found > limit)
      refuse('PCK_EXTENSION', `TCB component ${index}`, { bound: `at most ${limit}`, value: found })
    return found
  }
  return {
    fmspc: sized(fields.get(`${EXTENSION}.4`), { length: 6, name: 'FMSPC' }),
    pceId: sized(fields.get(`${EXTENSION}.3`), { length: 2, name: 'PCE id' }),
    pceSvn: svn(17, 0xffff),
    ppid: sized(fields.get(`${EXTENSION}.1`), { length: 16, name: 'PPID' }),
    svns: Array.from({ length: 16 }, (_, index) => svn(index + 1, 0xff)),
  }
}

/** A sequence of (object identifier, value). */
function pairs(element: Der.Element | undefined): ReadonlyMap<string, Der.Element> {
  const found = new Map<string, Der.Element>()
  for (const item of Der.sequence(element, SUBJECT)) {
    const [id, value, ...rest] = Der.sequence(item, SUBJECT)
    const name = Der.oid(id, SUBJECT)
    if (!value || rest.length > 0 || found.has(name)) {
      return refuse('PCK_EXTENSION', `${SUBJECT}, entry ${name}`, {
        bound: 'one value, once',
        value: 'another form',
      })
    }
    found.set(name, value)
  }
  return found
}

function sized(element: Der.Element | undefined, { length, name }: { length: number; name: string }): Bytes {
  const value = Der.octets(element, `${SUBJECT}, ${name}`)
  if (value.length !== length) refuse('PCK_EXTENSION', name, { bound: `${length} bytes`, value })
  return value
}
