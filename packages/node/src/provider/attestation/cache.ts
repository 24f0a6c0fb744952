import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What a folder keeps under a name; undefined where it does not. */
export async function readKept(folder: string, name: string): Promise<Uint8Array | undefined> {
  return readFile(join(folder, name)).then(
    (bytes) => new Uint8Array(bytes),
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    },
  )
}

/** Keeps it whole: a crash leaves what was there, or this. */
export async function writeWhole(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, name)
  await writeFile(`${path}.new`, bytes)
  await rename(`${path}.new`, path)
}
