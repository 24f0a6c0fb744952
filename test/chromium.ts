import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from './serve.ts'

/** Whether tests in it are left out. In CI they never are: there its absence is a failure. */
export const lacksChromium = !process.env['CI'] && spawnSync('chromium', ['--version']).status !== 0

/** What it needs to run as root, and to ask for nothing but our page. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

/**
 * Opens a page in Debian's Chromium, of an origin on loopback, that runs these scripts one after another. `/given` is for it
 * to fetch, as JSON; what it posts to `/answer`, as JSON, is the answer.
 */
export async function inChromium({ given, scripts }: inChromium.Options): Promise<unknown> {
  const files: Record<string, [type: string, content: string]> = {
    '/': ['text/html', scripts.map((_, index) => `<script src="/${index}.js"></script>`).join('')],
    '/given': ['application/json', JSON.stringify(given)],
    ...Object.fromEntries(scripts.map((script, index) => [`/${index}.js`, ['text/javascript', script]])),
  }
  const { promise, reject, resolve } = Promise.withResolvers<unknown>()
  const page = await serve(async (request, response) => {
    if (request.url === '/answer') resolve(JSON.parse(Buffer.concat(await request.toArray()).toString()))
    const [type, content] = files[request.url ?? ''] ?? ['text/plain', '']
    response.setHeader('content-type', `${type}; charset=utf-8`).end(content)
  })
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'))
  const browser = spawn('chromium', [...FLAGS, `--user-data-dir=${profile}`, page.url], { stdio: 'ignore' })
  const ended = once(browser, 'exit').then(
    ([code]) => reject(new Error(`Chromium ended with ${code}.`)),
    reject,
  )
  try {
    return await promise
  } finally {
    browser.kill()
    await ended
    await page.close()
    rmSync(profile, { force: true, recursive: true })
  }
}

export declare namespace inChromium {
  type Options = { given: unknown; scripts: readonly string[] }
}
