import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const EXAMPLES = join(import.meta.dirname, '../../examples')

test.each([
  [['rent.mjs', import.meta.filename], 'No market answers at http://127.0.0.1:1; open one with `npm start`.'],
  [['rent.mjs', '/none.pub'], 'Name your SSH public key file, such as ~/.ssh/id_ed25519.pub.'],
  [['rent.mjs'], 'Name your SSH public key file, such as ~/.ssh/id_ed25519.pub.'],
  [['http-agent.mjs'], 'No chain answers at http://127.0.0.1:1; start the local market with `npm start`.'],
  [
    ['send-webhook.mjs', 'http://127.0.0.1:1/'],
    'Nobody answers at http://127.0.0.1:1; `./jeju-compute keeper start`',
  ],
  [['send-webhook.mjs', 'nowhere'], 'Name the URL to send to, and set WEBHOOK_SECRET'],
  [['send-webhook.mjs'], 'Name the URL to send to, and set WEBHOOK_SECRET to the secret of its hook.'],
])('%j without what it needs says what that is, in one line', async ([script = '', ...args], sentence) => {
  const env = { ...process.env, JEJU_RPC_URL: 'http://127.0.0.1:1', WEBHOOK_SECRET: 'whsec_c2VjcmV0' }
  const child = spawn(process.execPath, ['--conditions=src', join(EXAMPLES, script), ...args], { env })
  const said: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => void said.push(chunk))
  const [code] = await once(child, 'close')
  const text = Buffer.concat(said).toString()
  expect(text).toContain(sentence)
  expect(text.trim().split('\n')).toHaveLength(1)
  expect(code).toBe(1)
})
