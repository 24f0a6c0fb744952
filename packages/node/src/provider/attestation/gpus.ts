import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Attestation, ComputeError } from '@jejunetwork/sdk'
import type { Log } from '../../log.ts'

const run = promisify(execFile)

/**
 * Has the GPUs, and the switches between them, sign a nonce, by NVIDIA's `nvattest`; none where it is not installed or finds
 * no GPU that can. What it collected is verified here, so that evidence that no verifier takes is not bound.
 */
export async function collectGpus(
  nonce: Uint8Array,
  options: collectGpus.Options,
): Promise<readonly Attestation.Nvidia.Evidence[]> {
  const gpus = await collectFrom('gpu', nonce, options)
  // Most machines have no switch, or one that is not theirs to ask: there it says so, and GPUs stand alone.
  const found = gpus.length > 0 ? [...gpus, ...(await collectFrom('nvswitch', nonce, options))] : []
  for (const evidence of found) {
    const at = BigInt(Math.floor(Date.now() / 1000))
    const verdict = await Attestation.Nvidia.verify(evidence, { at, nonce })
    if (!verdict.ok) throw new GpuEvidenceError(verdict.refusal.message)
  }
  return found
}

async function collectFrom(
  device: 'gpu' | 'nvswitch',
  nonce: Uint8Array,
  { log, path, signal }: collectGpus.Options,
): Promise<readonly Attestation.Nvidia.Evidence[]> {
  const hex = Buffer.from(nonce).toString('hex')
  const args = ['collect-evidence', '--device', device, '--nonce', hex, '--format', 'json']
  try {
    const { stdout } = await run(path, args, { maxBuffer: 1 << 24, signal, timeout: 120_000 })
    return evidenceIn(stdout)
  } catch (error) {
    signal.throwIfAborted()
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (device === 'nvswitch') log.info('nvattest finds no switch to attest', { error })
    else if (error instanceof ComputeError) throw error
    else if (!absent) log.warn('nvattest gives no evidence, so no GPU is attested', { error })
    return []
  }
}

export declare namespace collectGpus {
  type Options = {
    /** `nvattest`, or where it lies. */
    path: string
    log: Log
    signal: AbortSignal
  }
}

/** nvattest printed something that does not verify. */
export class GpuEvidenceError extends ComputeError {
  override readonly name = 'GpuEvidenceError'

  constructor(why: string) {
    super(`The evidence that nvattest collected is no good: ${why}`)
  }
}

/** Of `{"evidences": [{"certificate", "evidence", "nonce", …}], "result_code": 0}`. */
function evidenceIn(printed: string): readonly Attestation.Nvidia.Evidence[] {
  let document: { evidences?: unknown; result_code?: unknown }
  try {
    document = JSON.parse(printed)
  } catch {
    throw new GpuEvidenceError('it is not JSON.')
  }
  if (document.result_code !== 0)
    throw new GpuEvidenceError(`result_code is ${JSON.stringify(document.result_code)}.`)
  return Attestation.Nvidia.fromJson(JSON.stringify(document.evidences ?? []))
}
