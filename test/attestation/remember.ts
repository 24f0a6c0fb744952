import { hash } from 'node:crypto'

const KEPT = 200

/**
 * Has the platform's signature checks remember their answers to the same bytes: of a mutated quote one or two signatures
 * are new, and the other eight are those of the mutation before. Ends with what it gives back.
 */
export function rememberSignatures(): () => void {
  const { subtle } = crypto
  const { importKey, verify } = subtle
  const keys = new Map<string, Promise<unknown>>()
  const names = new WeakMap<object, string>()
  const answers = new Map<string, Promise<unknown>>()

  const imported: Call = (format, data, algorithm, ...rest) => {
    const name = `${format} ${JSON.stringify(algorithm)} ${format === 'jwk' ? JSON.stringify(data) : digest(data)}`
    return remember(keys, name, async () => {
      const key = await (importKey as Call).call(subtle, format, data, algorithm, ...rest)
      names.set(key as object, name)
      return key
    })
  }
  const verified: Call = (scheme, key, signature, message) => {
    const name = `${names.get(key as object)} ${JSON.stringify(scheme)} ${digest(signature)} ${digest(message)}`
    return remember(answers, name, () => (verify as Call).call(subtle, scheme, key, signature, message))
  }
  Object.assign(subtle, { importKey: imported, verify: verified })
  return () => void Object.assign(subtle, { importKey, verify })
}

type Call = (...args: unknown[]) => Promise<unknown>

function remember(all: Map<string, Promise<unknown>>, name: string, ask: () => Promise<unknown>) {
  const known = all.get(name)
  if (known) return known
  const answer = ask()
  all.set(name, answer)
  const [oldest] = all.keys()
  if (all.size > KEPT && oldest !== undefined) all.delete(oldest)
  return answer
}

function digest(bytes: unknown): string {
  return hash('sha256', bytes as Uint8Array, 'base64')
}
