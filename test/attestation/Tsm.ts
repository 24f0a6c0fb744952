import { execFileSync } from 'node:child_process'
import { chmodSync, closeSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs'
import { open, watch } from 'node:fs/promises'
import { join } from 'node:path'

/** A folder that behaves as the kernel's `/sys/kernel/config/tsm/report` does for one entry. */
export type Tsm = { folder: string; asked: Uint8Array[]; end(): Promise<void> }

/**
 * Answers what is written to `inblob`, which as in the kernel is for writing alone, through `outblob`, a pipe: whoever opens
 * it waits until the quote is made. `generation` counts writes, or is what `generationOf` makes of their number.
 */
export function startTsm(
  folder: string,
  makeQuote: (reportData: Uint8Array) => Uint8Array,
  generationOf = (writes: number) => writes,
): Tsm {
  const entry = join(folder, 'jeju-compute')
  mkdirSync(entry, { recursive: true })
  const path = (name: string) => join(entry, name)
  writeFileSync(path('inblob'), new Uint8Array(64))
  const inblob = openSync(path('inblob'), 'r')
  chmodSync(path('inblob'), 0o200)
  writeFileSync(path('generation'), '0\n')
  writeFileSync(path('provider'), 'tdx_guest\n')
  execFileSync('mkfifo', [path('outblob')])
  const stop = new AbortController()
  const asked: Uint8Array[] = []
  const serve = async () => {
    for await (const { eventType } of watch(path('inblob'), { signal: stop.signal })) {
      if (eventType !== 'change') continue
      const reportData = new Uint8Array(64)
      readSync(inblob, reportData, 0, 64, 0)
      asked.push(reportData)
      writeFileSync(path('generation'), `${generationOf(asked.length)}\n`)
      const pipe = await open(path('outblob'), 'w')
      await pipe.writeFile(makeQuote(reportData))
      await pipe.close()
    }
  }
  const serving = serve().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error
  })
  return {
    asked,
    async end() {
      stop.abort()
      await serving
      closeSync(inblob)
    },
    folder,
  }
}

/** The same of a SEV-SNP guest, whose host gives certificates along. */
export function beSnp({ folder }: Tsm, certificates: Uint8Array): void {
  writeFileSync(join(folder, 'jeju-compute/provider'), 'sev_guest\n')
  writeFileSync(join(folder, 'jeju-compute/auxblob'), certificates)
}
