// Sends a webhook, signed as every sender of Standard Webhooks does it.
//   WEBHOOK_SECRET=whsec_… npm run example examples/send-webhook.mjs http://127.0.0.1:4008/v1/triggers/1/deliveries '{"price": 1}'
import { createHmac, randomUUID } from 'node:crypto'

const [url, body = '{}'] = process.argv.slice(2)
const secret = process.env.WEBHOOK_SECRET
if (!URL.canParse(url ?? '') || !secret)
  fail('Name the URL to send to, and set WEBHOOK_SECRET to the secret of its hook.')

const id = `msg_${randomUUID()}`
const timestamp = Math.floor(Date.now() / 1000)
const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
const headers = {
  'webhook-id': id,
  'webhook-signature': `v1,${signature}`,
  'webhook-timestamp': `${timestamp}`,
}
const answer = await fetch(url, { body, headers, method: 'POST' }).catch(() =>
  fail(`Nobody answers at ${new URL(url).origin}; \`./jeju-compute keeper start\` takes webhooks.`),
)
console.log(answer.status, await answer.text())
if (!answer.ok) process.exit(1)

function fail(sentence) {
  console.error(sentence)
  process.exit(1)
}
