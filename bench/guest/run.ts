// Runs the node in a Linux guest with the kernel's own configfs-tsm, on an emulated processor:
// `npm run example bench/guest/run.ts`. README.md says what that needs.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { startHost, type Told } from './host.ts'
import { AbsentError, kernel, run } from './kernel.ts'

const ROOT = join(import.meta.dirname, '../..')

const started = performance.now()
const { image, modules, version } = kernelOrEnd()
console.log(`Linux ${version}, ${String(run('qemu-system-x86_64', ['--version'])).split('\n')[0]}`)
const work = mkdtempSync(join(tmpdir(), 'jeju-guest-'))
const host = await startHost()
try {
  const said = await boot(initramfs(host.told), host.told)
  process.exitCode = /^guest: exit 0$/m.test(said) ? 0 : 1
  console.log(`${((performance.now() - started) / 1000).toFixed(0)} s`)
} finally {
  await host.close()
  rmSync(work, { force: true, recursive: true })
}

function kernelOrEnd(): ReturnType<typeof kernel> {
  try {
    return kernel()
  } catch (error) {
    if (!(error instanceof AbsentError)) throw error
    console.error(error.message)
    process.exit(1)
  }
}

/** What the guest has before it has the host's files. */
function initramfs(told: Told): string {
  const root = join(work, 'root')
  const folders = ['bin', 'dev', 'modules', 'proc', 'root', 'settings', 'sys']
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true })
  copyFileSync(String(run('sh', ['-c', 'command -v busybox'])).trim(), join(root, 'bin/busybox'))
  copyFileSync(join(import.meta.dirname, 'init.sh'), join(root, 'init'))
  for (const module of modules) copyFileSync(module, join(root, 'modules', basename(module)))
  const names = modules.map((path) => basename(path, '.ko')).filter((name) => name !== 'made_up_tee')
  writeFileSync(join(root, 'settings/modules'), `${names.join(' ')}\n`)
  writeFileSync(join(root, 'settings/run'), `${ROOT} ${process.execPath} ${process.argv[2] ?? '.'}\n`)
  writeFileSync(join(root, 'settings/told.json'), JSON.stringify(told))
  const archive = join(work, 'initramfs')
  run('sh', ['-c', `chmod 755 init && find . | busybox cpio -o -H newc >${archive}`], { cwd: root })
  return archive
}

/** Runs the guest to its end, and gives back what it said. */
async function boot(initrd: string, { httpPort, sshPort }: Told): Promise<string> {
  const forwards = [httpPort, sshPort].map((port) => `hostfwd=tcp:127.0.0.1:${port}-:${port}`)
  const qemu = spawn(
    'qemu-system-x86_64',
    [
      ['-accel', 'tcg,thread=multi', '-cpu', 'Nehalem,+rdrand', '-smp', '2', '-m', '2G'],
      ['-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
      ['-kernel', image, '-initrd', initrd, '-append', 'console=ttyS0 panic=-1 quiet'],
      ['-virtfs', 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap'],
      ['-netdev', `user,id=net,${forwards.join(',')}`, '-device', 'virtio-net-pci,netdev=net,romfile='],
    ].flat(),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let said = ''
  qemu.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
    process.stdout.write(chunk)
  })
  await once(qemu, 'close')
  return said.replaceAll('\r', '')
}
