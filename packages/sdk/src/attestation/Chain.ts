import { equal } from './Bytes.ts'
import { refuse } from './Refusal.ts'
import { type Certificate, isSignedBy, spkiHash } from './X509.ts'

/** The time in which evidence holds, both ends included, in seconds. */
export type Window = { from: bigint; until: bigint }

/**
 * Checks a chain from leaf to root: dates, names, authority, usage, path lengths, signatures, and that the
 * root's key is pinned. The root must be in the chain. Revocation is for the caller, who has the lists.
 */
export async function verifyChain(
  chain: readonly Certificate[],
  options: verifyChain.Options,
): Promise<Window> {
  const { at, roots, subject } = options
  const [leaf] = chain
  const root = chain.at(-1)
  if (!leaf || !root) return refuse('CHAIN_LENGTH', subject, { bound: 'at least one certificate', value: 0 })
  const pin = await spkiHash(root)
  if (!roots.includes(pin)) {
    refuse('ROOT_NOT_PINNED', `${subject}'s root key (SHA-256)`, { bound: roots.join(' or '), value: pin })
  }
  if (leaf.authority)
    refuse('LEAF_IS_CA', nameOf(leaf, subject), { bound: 'no authority', value: 'an authority' })
  for (const [index, certificate] of chain.entries()) {
    checkWindow(datesOf(certificate), { at, kind: 'CERT', subject: nameOf(certificate, subject) })
    if (index > 0) checkAuthority(certificate, { below: index - 1, subject: nameOf(certificate, subject) })
  }
  for (const [index, certificate] of chain.entries()) {
    await checkIssued(certificate, { by: chain[index + 1] ?? certificate, subject })
  }
  return intersect(datesOf(leaf), ...chain.map(datesOf))
}

export declare namespace verifyChain {
  type Options = {
    at: bigint
    /** SHA-256 hashes of the subject public key infos that are trusted as roots. */
    roots: readonly string[]
    subject: string
  }
}

export function checkName(
  certificate: Certificate,
  { subject, wanted }: { subject: string; wanted: string },
): void {
  if (certificate.commonName === wanted) return
  refuse('CERT_NAME', `${subject}'s name`, { bound: wanted, value: certificate.commonName })
}

/** The time in which all of them hold. */
export function intersect(first: Window, ...others: readonly Window[]): Window {
  let { from, until } = first
  for (const other of others) {
    if (other.from > from) from = other.from
    if (other.until < until) until = other.until
  }
  return { from, until }
}

/** Refuses a time outside of the window, by the code of what the window is of. */
export function checkWindow({ from, until }: Window, { at, kind, subject }: checkWindow.Options): void {
  const now = `the time for ${subject}`
  if (at < from) refuse(`${kind}_NOT_YET_VALID`, now, { bound: `${iso(from)} or later`, value: iso(at) })
  if (at > until) refuse(`${kind}_EXPIRED`, now, { bound: `${iso(until)} or earlier`, value: iso(at) })
}

export declare namespace checkWindow {
  type Options = {
    at: bigint
    kind: 'CERT' | 'CRL' | 'QE_IDENTITY' | 'TCB_INFO' | 'TOKEN'
    subject: string
  }
}

/** Seconds since 1970 as people write them. */
export function iso(time: bigint): string {
  return new Date(Number(time) * 1000).toISOString().replace('.000Z', 'Z')
}

function datesOf({ notAfter, notBefore }: Certificate): Window {
  return { from: notBefore, until: notAfter }
}

function nameOf({ commonName }: Certificate, subject: string): string {
  return `${subject} "${commonName}"`
}

function checkAuthority(
  certificate: Certificate,
  { below, subject }: { below: number; subject: string },
): void {
  const { authority, pathLength, usage } = certificate
  if (!authority) refuse('CERT_NOT_CA', subject, { bound: 'an authority', value: 'no authority' })
  if (usage && !usage.certificates) {
    refuse('CERT_KEY_USAGE', `${subject}'s key usage`, {
      bound: 'certificate signing',
      value: 'other than that',
    })
  }
  if (pathLength !== undefined && below > pathLength) {
    refuse('CERT_PATH_LENGTH', `authorities under ${subject}`, {
      bound: `at most ${pathLength}`,
      value: below,
    })
  }
}

async function checkIssued(certificate: Certificate, { by, subject }: { by: Certificate; subject: string }) {
  const name = nameOf(certificate, subject)
  if (!equal(certificate.issuer, by.subject)) {
    refuse('CERT_ISSUER', `the issuer of ${name}`, { bound: by.subject, value: certificate.issuer })
  }
  if (!(await isSignedBy(certificate, by))) {
    refuse('CERT_SIGNATURE', `the signature on ${name}`, {
      bound: `made by "${by.commonName}"`,
      value: 'made by another key',
    })
  }
}
