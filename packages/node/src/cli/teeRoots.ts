import { Attestation } from '@jejunetwork/sdk'
import { UsageError } from './errors.ts'

/** As `verifyProvider` takes them: Intel's, AMD's by product, NVIDIA's of devices and of reference manifests. */
export type TeeRoots = {
  intelRoot?: string
  amdRoots?: typeof Attestation.Roots.AMD_ROOTS
  gpuRoots?: readonly string[]
  rimRoots?: readonly string[]
}

/** Reads `milan=<SHA-256 of a root key>`, several with commas between them, of NVIDIA any number; a hash alone is in Intel’s place. */
export function teeRoots(text = ''): TeeRoots {
  const found: TeeRoots = {}
  for (const entry of text.split(',').filter((part) => part !== '')) {
    const [hash = '', vendor = 'intel'] = entry.split('=').reverse()
    if (!/^[0-9a-f]{64}$/.test(hash))
      throw new UsageError(`JEJU_TEE_ROOT holds SHA-256 hashes; ${hash} is not one.`)
    Object.assign(found, placed(found, { hash, vendor }))
  }
  return found
}

function placed(found: TeeRoots, { hash, vendor }: { hash: string; vendor: string }): TeeRoots {
  switch (vendor) {
    case 'intel':
      return { intelRoot: hash }
    case 'genoa':
    case 'milan':
    case 'turin':
      return { amdRoots: { ...(found.amdRoots ?? Attestation.Roots.AMD_ROOTS), [vendor]: hash } }
    case 'nvidia':
      return { gpuRoots: [...(found.gpuRoots ?? []), hash] }
    case 'nvidia-rim':
      return { rimRoots: [...(found.rimRoots ?? []), hash] }
    default:
      throw new UsageError(
        `JEJU_TEE_ROOT names intel, genoa, milan, turin, nvidia or nvidia-rim; not ${vendor}.`,
      )
  }
}
