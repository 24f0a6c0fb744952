import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, open, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { ComputeError } from '@jejunetwork/sdk'
import type Docker from 'dockerode'
import { linked } from '../../linked.ts'
import type { Log } from '../../log.ts'

const run = promisify(execFile)

const PULLED = 'debian:12'
const BUSYBOX = 'jeju-machine:busybox'
const DEBIAN = 'jeju-machine:debian'
const SYSTEM = /^(jeju-machine|debian|ubuntu|alpine|fedora):/
const STALL_MS = 30_000

/**
 * The image of a rented machine: the one configured; else a plain system that is here already; else one pulled; else
 * one built from what the host has, a static busybox or debootstrap.
 */
export async function chooseImage(docker: Docker, options: chooseImage.Options): Promise<string> {
  const { image, log } = options
  if (image !== undefined) {
    if (!(await isHere(docker, image))) await pull(docker, { ...options, image })
    return image
  }

  const images = await docker.listImages()
  const here = images.flatMap(({ RepoTags }) => RepoTags ?? []).find((tag) => SYSTEM.test(tag))
  if (here !== undefined) return here

  try {
    await pull(docker, { ...options, image: PULLED })
    return PULLED
  } catch (error) {
    options.signal.throwIfAborted()
    log.info('no image to pull, building one from what is here', { error })
  }
  return build(docker, options)
}

export declare namespace chooseImage {
  type Options = {
    image?: string | undefined
    log: Log
    onProgress?: ((message: string) => void) | undefined
    signal: AbortSignal
    /** Where a static busybox may be. */
    busybox?: readonly string[]
    /** Where debootstrap may be. */
    debootstrap?: string
  }
}

/** There is no image for the machines, and none could be had. */
export class ImageUnavailableError extends ComputeError {
  override readonly name = 'ImageUnavailableError'
  override readonly retryable = true

  constructor({ cause, image }: { cause: unknown; image: string | undefined }) {
    const how = 'install the package busybox-static or debootstrap, or load an image with `docker load`'
    super(
      image === undefined
        ? `There is no image for machines: ${how}.`
        : `The image ${image} is not here and could not be pulled: ${cause instanceof Error ? cause.message : cause}.`,
      { cause },
    )
  }
}

async function isHere(docker: Docker, image: string): Promise<boolean> {
  return docker
    .getImage(image)
    .inspect()
    .then(
      () => true,
      () => false,
    )
}

/** Gives up when nothing has moved for half a minute. */
async function pull(docker: Docker, options: chooseImage.Options & { image: string }): Promise<void> {
  const { image, onProgress, signal } = options
  const stop = linked(signal)
  let timer = setTimeout(() => stop.abort(), STALL_MS)
  const aborted = new Promise<never>((_, reject) => {
    stop.signal.addEventListener('abort', () => reject(new Error('nothing has moved for 30 seconds')))
  })
  aborted.catch(() => {})
  try {
    onProgress?.(`pulling ${image}`)
    const stream = (await Promise.race([
      docker.pull(image, { abortSignal: stop.signal }),
      aborted,
    ])) as Readable
    const whole = new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(
        stream,
        (error) => (error ? reject(error) : resolve()),
        ({ id, progress, status }: { id?: string; progress?: string; status?: string }) => {
          timer = timer.refresh()
          onProgress?.(`pulling ${image}: ${[id, status, progress].filter(Boolean).join(' ')}`)
        },
      )
    })
    await Promise.race([whole, aborted])
  } catch (cause) {
    throw new ImageUnavailableError({ cause, image })
  } finally {
    clearTimeout(timer)
  }
}

/** An image from the host's own means: busybox in a second, a small Debian in a minute. */
async function build(docker: Docker, options: chooseImage.Options): Promise<string> {
  const { busybox = ['/usr/bin/busybox', '/bin/busybox'], debootstrap = '/usr/sbin/debootstrap' } = options
  const { onProgress, signal } = options
  const binary = await firstStatic(busybox)
  // Without root it could not make the folders' owners.
  const canBootstrap = process.getuid?.() === 0 && existsSync(debootstrap)
  if (binary === undefined && !canBootstrap)
    throw new ImageUnavailableError({ cause: undefined, image: undefined })

  const image = binary === undefined ? DEBIAN : BUSYBOX
  onProgress?.(`building the image ${image} from ${binary ?? debootstrap}`)
  const root = await mkdtemp(join(tmpdir(), 'jeju-image-'))
  try {
    if (binary === undefined) await run(debootstrap, ['--variant=minbase', 'stable', root], { signal })
    else await layOut(root, { binary, signal })
    await importFolder(docker, { image, root })
    return image
  } catch (cause) {
    throw new ImageUnavailableError({ cause, image })
  } finally {
    await rm(root, { force: true, recursive: true })
  }
}

/** Busybox, its commands, and the few files that programs look for. */
async function layOut(
  root: string,
  { binary, signal }: { binary: string; signal: AbortSignal },
): Promise<void> {
  for (const folder of ['bin', 'dev', 'etc', 'proc', 'root', 'run', 'sys', 'tmp', 'usr/bin', 'var/tmp']) {
    await mkdir(join(root, folder), { recursive: true })
  }
  await copyFile(binary, join(root, 'bin/busybox'))
  const { stdout } = await run(binary, ['--list'], { signal })
  for (const name of stdout.split('\n').filter((line) => line !== '' && line !== 'busybox')) {
    await symlink('busybox', join(root, 'bin', name))
  }
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  await writeFile(join(root, 'etc/group'), 'root:x:0:\n')
  await writeFile(join(root, 'etc/os-release'), 'NAME="Jeju machine (busybox)"\nID=busybox\n')
  await chmod(join(root, 'root'), 0o700)
  for (const folder of ['tmp', 'var/tmp']) await chmod(join(root, folder), 0o1777)
}

async function importFolder(docker: Docker, { image, root }: { image: string; root: string }): Promise<void> {
  const [repo, tag] = image.split(':')
  // The engine makes a machine's devices itself.
  const what = ['--numeric-owner', '--one-file-system', '--exclude=./dev/*', '-C', root, '-cf', '-', '.']
  const owner = process.getuid?.() === 0 ? [] : ['--owner=0', '--group=0']
  const tar = spawn('tar', [...owner, ...what], { stdio: ['ignore', 'pipe', 'ignore'] })
  const answer = (await docker.importImage(tar.stdout, { repo, tag })) as Readable
  const said = Buffer.concat(await answer.toArray()).toString()
  const error = /"error":"([^"]*)/.exec(said)?.[1]
  if (error !== undefined) throw new Error(error)
}

/** A binary that asks for a loader needs libraries that an empty image lacks. */
async function firstStatic(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const file = await open(path).catch(() => undefined)
    if (file === undefined) continue
    const head = (await file.read(Buffer.alloc(4_096), 0, 4_096, 0)).buffer.toString('latin1')
    await file.close()
    if (head.startsWith('\x7fELF') && !head.includes('/ld-')) return path
  }
  return undefined
}
