/** GPUs that are alike. `confidential`: NVIDIA's confidential-computing mode is on. */
export type Gpus = { confidential: boolean; count: number; memoryMiB: number; mig: boolean; model: string }

/** Reads `nvidia-smi -q -x`, and the mode out of `nvidia-smi conf-compute -q`. Undefined: the host has no GPU. */
export function parseNvidiaSmi(
  xml: string,
  { confCompute = '' }: { confCompute?: string } = {},
): { cuda: string; driver: string; gpus: Gpus[] } | undefined {
  const confidential = /CC State\s*:\s*ON/i.test(confCompute)
  const groups = new Map<string, Gpus>()
  for (const [, gpu = ''] of xml.matchAll(/<gpu id="[^"]*">(.*?)<\/gpu>/gs)) {
    const model = printable(within(gpu, 'product_name'), 64)
    const memoryMiB = Number.parseInt(within(within(gpu, 'fb_memory_usage'), 'total'), 10) || 0
    const mig = within(within(gpu, 'mig_mode'), 'current_mig') === 'Enabled'
    const key = `${model}/${memoryMiB}/${mig}`
    const group = groups.get(key) ?? { confidential, count: 0, memoryMiB, mig, model }
    groups.set(key, { ...group, count: group.count + 1 })
  }
  if (groups.size === 0) return undefined
  return {
    cuda: printable(within(xml, 'cuda_version'), 32),
    driver: printable(within(xml, 'driver_version'), 32),
    gpus: [...groups.values()],
  }
}

/** Printable ASCII that JSON writes without escapes, as the contract reads it. */
export function printable(text: string, length: number): string {
  const plain = text.replace(/[^\x20-\x7e]|["\\]/g, ' ').replace(/\s+/g, ' ')
  return plain.trim().slice(0, length)
}

/** The text of the first such element; nothing that nvidia-smi nests has its own parent's name. */
function within(xml: string, element: string): string {
  return new RegExp(`<${element}>(.*?)</${element}>`, 's').exec(xml)?.[1]?.trim() ?? ''
}
