import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

const SUITE = 'bookworm-backports'
const CACHE = join(import.meta.dirname, '../../node_modules/.cache/jeju-guest')
/** Those of Debian's that the guest loads, in this order. */
const MODULES = [
  'failover',
  'net_failover',
  'virtio_net',
  'netfs',
  '9pnet',
  '9pnet_virtio',
  '9p',
  'configfs',
  'tsm',
]

/** What the run cannot do without, and the package that has it. */
const PROGRAMS = {
  busybox: 'busybox-static',
  'gcc-12': 'gcc-12',
  make: 'make',
  'qemu-system-x86_64': 'qemu-system-x86',
  xz: 'xz-utils',
}

/** Debian's kernel of the suite, unpacked but not installed, and our module built for it. */
export function kernel(): { image: string; version: string; modules: readonly string[] } {
  for (const [program, name] of Object.entries(PROGRAMS))
    if (!isInstalled(program)) throw new AbsentError(`There is no ${program}: install ${name}.`)
  const apt = aptOfSuite()
  const version = /Depends: linux-image-(\S+)/.exec(apt('apt-cache', 'depends', 'linux-image-amd64'))?.[1]
  if (!version) throw new AbsentError(`apt knows no linux-image-amd64 in ${SUITE}.`)

  const folder = join(CACHE, version)
  const unpacked = join(folder, 'unpacked')
  if (!existsSync(unpacked)) unpack(apt, { unpacked, version })
  const all = readdirSync(join(unpacked, 'lib/modules'), { encoding: 'utf8', recursive: true })
  const modules = MODULES.map((name) => {
    const found = all.find((path) => path.endsWith(`/${name}.ko.xz`))
    if (!found) throw new AbsentError(`Linux ${version} has no module ${name}.`)
    const path = join(folder, `${name}.ko`)
    writeFileSync(path, run('xz', ['-dc', join(unpacked, 'lib/modules', found)]))
    return path
  })
  const image = join(unpacked, `boot/vmlinuz-${version}`)
  return { image, modules: [...modules, build({ folder, unpacked, version })], version }
}

/** This machine lacks something; the sentence says what. */
export class AbsentError extends Error {
  override readonly name = 'AbsentError'
}

/** What a program prints, or the last line of its complaint. */
export function run(file: string, args: readonly string[], options: { cwd?: string } = {}): Buffer {
  try {
    return execFileSync(file, args, { maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'pipe'], ...options })
  } catch (cause) {
    const said = String((cause as { stderr?: Buffer }).stderr ?? '').trim()
    throw new AbsentError(`${file} failed: ${said.slice(said.lastIndexOf('\n') + 1)}`, { cause })
  }
}

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
}

type Apt = (program: string, ...args: string[]) => string
type Place = { folder: string; unpacked: string; version: string }

/** apt with the suite alone, from where this machine has Debian from, which it leaves as it is. */
function aptOfSuite(): Apt {
  const targets = String(run('apt-get', ['indextargets', '--format', '$(REPO_URI) $(CODENAME)']))
  const mirror = /^(\S+) bookworm$/m.exec(targets)?.[1]
  if (!mirror) throw new AbsentError('apt has no Debian bookworm, of which the guest is made.')
  const folder = join(CACHE, 'apt')
  for (const part of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(folder, part), { recursive: true })
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg'
  writeFileSync(join(folder, 'suite.list'), `deb [signed-by=${keys}] ${mirror} ${SUITE} main\n`)
  const settings = [
    `Dir::Etc::sourcelist=${folder}/suite.list`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${folder}/lists`,
    `Dir::Cache=${folder}/cache`,
    'APT::Sandbox::User=',
  ].flatMap((setting) => ['-o', setting])
  run('apt-get', [...settings, 'update'])
  return (program, ...args) => String(run(program, [...settings, ...args], { cwd: folder }))
}

function unpack(apt: Apt, { unpacked, version }: Omit<Place, 'folder'>): void {
  const common = version.replace(/-amd64$/, '')
  const packages = [
    `linux-image-${version}`,
    `linux-headers-${version}`,
    `linux-headers-${common}-common`,
    `linux-kbuild-${common}`,
  ]
  apt('apt-get', 'download', ...packages)
  const fresh = `${unpacked}.new`
  rmSync(fresh, { force: true, recursive: true })
  mkdirSync(fresh, { recursive: true })
  const apart = join(CACHE, 'apt')
  for (const deb of readdirSync(apart).filter((name) => name.endsWith('.deb'))) {
    run('dpkg-deb', ['-x', join(apart, deb), fresh])
    rmSync(join(apart, deb))
  }
  const headers = join(fresh, 'usr/src', `linux-headers-${version}`)
  const makefile = join(headers, 'Makefile')
  writeFileSync(makefile, readFileSync(makefile, 'utf8').replace('/usr/src/', '../'))
  // Its types would be asked for, for which pahole would be needed.
  rmSync(join(headers, 'vmlinux'))
  renameSync(fresh, unpacked)
}

function build({ folder, unpacked, version }: Place): string {
  const source = join(folder, 'build')
  mkdirSync(source, { recursive: true })
  copyFileSync(join(import.meta.dirname, 'made_up_tee.c'), join(source, 'made_up_tee.c'))
  writeFileSync(join(source, 'Kbuild'), 'obj-m := made_up_tee.o\n')
  run('make', ['-C', join(unpacked, 'usr/src', `linux-headers-${version}`), `M=${source}`, 'modules'])
  return join(source, 'made_up_tee.ko')
}
