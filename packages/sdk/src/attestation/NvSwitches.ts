import { hex } from './Bytes.ts'
import type { Claims } from './Nvidia.ts'
import { refuse } from './Refusal.ts'

const PROTECTED_PCIE = 21
const ON = 0xaa
/** Of a GPU the switches at its links, of a switch its own; GPUs write the eight bytes the other way round. */
const IDS = 22
const ID_LENGTH = 8
const MODE = 36
const MODE_PROTECTED_PCIE = 2

/**
 * Checks that every switch that a GPU in protected-PCIe mode (Hopper) is linked to has evidence beside it: in that mode what
 * GPUs tell each other crosses the switches in plain text, so they are part of what is trusted.
 */
export function checkSwitches(devices: readonly Claims[]): void {
  const shown = devices
    .filter(({ architecture }) => architecture === 'nvswitch')
    .map(({ opaque }) => hex(opaque.get(IDS) ?? new Uint8Array()))
  for (const device of devices) {
    if (!isProtectedPcie(device)) continue
    const linked = switchesOf(device)
    const missing = linked.filter((id) => !shown.includes(id))
    if (missing.length === 0 && linked.length > 0) continue
    refuse('GPU_SWITCHES', `the switches shown beside ${device.model} in protected-PCIe mode`, {
      bound: linked.join(', ') || 'those that it names',
      value: shown.join(', ') || 'none',
    })
  }
}

function isProtectedPcie({ architecture, opaque }: Claims): boolean {
  if (architecture === 'nvswitch') return false
  return opaque.get(MODE)?.[0] === MODE_PROTECTED_PCIE || opaque.get(PROTECTED_PCIE)?.[0] === ON
}

/** Each once, as the switch itself writes it; a link to nothing is zero. */
function switchesOf({ opaque }: Claims): readonly string[] {
  const field = opaque.get(IDS) ?? new Uint8Array()
  const found = new Set<string>()
  for (let at = 0; at + ID_LENGTH <= field.length; at += ID_LENGTH) {
    const id = hex(field.slice(at, at + ID_LENGTH).reverse())
    if (!/^0+$/.test(id)) found.add(id)
  }
  return [...found].sort()
}
