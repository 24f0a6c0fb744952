import { readFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { createLog } from '../log.ts'
import { canonical, detectHardware } from './hardware.ts'
import { parseNvidiaSmi, printable } from './nvidia.ts'

const xml = read('nvidia-smi-q.xml')
const confCompute = read('conf-compute.txt')

test('reads an H100 out of what nvidia-smi says', () => {
  expect(parseNvidiaSmi(xml, { confCompute })).toEqual({
    cuda: '13.0',
    driver: '580.159.04',
    gpus: [{ confidential: false, count: 1, memoryMiB: 81559, mig: false, model: 'NVIDIA H100 80GB HBM3' }],
  })
})

test('counts GPUs that are alike together, and others apart', () => {
  const gpu = /<gpu id.*<\/gpu>/s.exec(xml)?.[0] ?? ''
  const other = gpu.replace('H100 80GB HBM3', 'T4').replace('<current_mig>Disabled', '<current_mig>Enabled')
  const eight = xml.replace(gpu, gpu.repeat(8) + other)
  const found = parseNvidiaSmi(eight, {
    confCompute: confCompute.replace('CC State                   : OFF', 'CC State : ON'),
  })
  expect(found?.gpus.map(({ count, mig, model }) => [count, model, mig])).toEqual([
    [8, 'NVIDIA H100 80GB HBM3', false],
    [1, 'NVIDIA T4', true],
  ])
  expect(found?.gpus[0]?.confidential).toBe(true)
})

test('output without GPUs is no GPU', () => {
  expect(parseNvidiaSmi('<nvidia_smi_log><attached_gpus>0</attached_gpus></nvidia_smi_log>')).toBeUndefined()
})

test('this host is detected, the same each time, and fits on chain', async () => {
  const options = {
    dataDir: tmpdir(),
    log: createLog({ level: 'silent' }),
    signal: new AbortController().signal,
  }
  const hardware = await detectHardware(options)
  expect(hardware.cpu.cores).toBe(availableParallelism())
  expect(hardware.memoryMiB).toBeGreaterThan(100)
  expect(hardware.diskGiB).toBeGreaterThan(0)

  const text = canonical(hardware)
  expect(text.length).toBeLessThan(2_048)
  expect(canonical(await detectHardware(options))).toBe(text)
})

test('canonical JSON sorts keys at every level and has no space', () => {
  expect(canonical({ b: [{ d: 1, c: 2 }], a: 'x' })).toBe('{"a":"x","b":[{"c":2,"d":1}]}')
})

test('a model name is written without escapes', () => {
  expect(printable(' AMD "MI300X"\\é\n Instinct', 20)).toBe('AMD MI300X Instinct')
})

function read(name: string): string {
  return readFileSync(new URL(`./fixtures/nvidia-h100/${name}`, import.meta.url), 'utf8')
}
