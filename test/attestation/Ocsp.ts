import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '../serve.ts'
import * as Authority from './Authority.ts'

const { extension, issue, oid, pem, sequence } = Authority

type Party = Authority.Party

/** A chain from its leaf to its root, and what OpenSSL's responder knows of it. */
export type Register = {
  chain: readonly Party[]
  revoked?: readonly Party[]
  /** Issued and forgotten. */
  unknown?: readonly Party[]
  /** Who signs; one whom the root appointed, unless given. */
  signer?: Party
}

const DAY = 86_400n

/** One whom an authority lets answer for it. */
export function appointed(by: Party, { usage = '1.3.6.1.5.5.7.3.9', critical = false } = {}): Party {
  const now = BigInt(Math.floor(Date.now() / 1000))
  const purpose = extension('2.5.29.37', sequence(oid(usage)), critical)
  return issue('OCSP Responder', 'P-384', {
    by,
    extensions: [purpose],
    from: now - DAY,
    until: now + 30n * DAY,
  })
}

/** What OpenSSL would ask about a certificate. */
export function requestFor(of: Party, issuer: Party): Uint8Array {
  return openssl(({ put, out }) => [
    ...['-issuer', put(pem(issuer)), '-sha384', '-cert', put(pem(of))],
    ...['-no_nonce', '-reqout', out],
  ])
}

/** Has OpenSSL answer an OCSP request by a register; its answer holds for a day of the real time. */
export function respond(request: Uint8Array, register: Register): Uint8Array {
  const { chain, revoked = [], unknown = [] } = register
  const root = chain.at(-1)
  if (!root) throw new Error('The chain is empty.')
  const signer = register.signer ?? appointed(root)
  const lines = chain
    .filter((of) => !unknown.includes(of))
    .map((of) => {
      const state = revoked.includes(of)
        ? 'R\t400101000000Z\t260101000000Z,certificateHold'
        : 'V\t400101000000Z\t'
      return `${state}\t${Buffer.from(of.serial).toString('hex').toUpperCase()}\tunknown\t/CN=${of.name}\n`
    })
  return openssl(({ put, out }) => [
    ...['-index', put(lines.join('')), '-CA', put(pem(...chain.slice(1))), '-ndays', '1'],
    ...['-rsigner', put(pem(signer)), '-rkey', put(keyOf(signer)), '-rmd', 'sha384'],
    ...['-reqin', put(request), '-respout', out],
  ])
}

function keyOf({ key }: Party): string {
  return String(key.private.export({ format: 'pem', type: 'pkcs8' }))
}

type Files = { put(content: string | Uint8Array): string; out: string }

/** Runs `openssl ocsp` on files that are gone afterwards, and answers with what it wrote to `out`. */
function openssl(make: (files: Files) => readonly string[]): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'ocsp-'))
  let count = 0
  const put = (content: string | Uint8Array) => {
    const path = join(folder, String(count++))
    writeFileSync(path, content)
    return path
  }
  const out = join(folder, 'out')
  try {
    execFileSync('openssl', ['ocsp', ...make({ out, put })], { stdio: 'pipe' })
    return new Uint8Array(readFileSync(out))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** An OCSP service on loopback, which answers for whichever of these chains the certificate asked about is of. */
export async function startOcsp(make: () => readonly Register[]) {
  const asked: (string | undefined)[] = []
  const served = await serve(async (request, response) => {
    asked.push(request.headers['content-type'])
    const body = new Uint8Array(Buffer.concat(await request.toArray()))
    const register = make().find(({ chain }) => chain.slice(1).some((of) => isIssuerIn(body, of)))
    if (register) response.end(respond(body, register))
    else response.writeHead(404).end()
  })
  return { ...served, asked, url: `${served.url}/` }
}

function isIssuerIn(request: Uint8Array, { key }: Party): boolean {
  const point = Buffer.concat([Buffer.of(4), Authority.point(key)])
  return Buffer.from(request).includes(createHash('sha384').update(point).digest())
}
