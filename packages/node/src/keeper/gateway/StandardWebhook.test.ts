import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { parseSecret, type Secret, verify } from './StandardWebhook.ts'

const NOW = 1_800_000_000
const SECRET = `whsec_${randomBytes(32).toString('base64')}`
const BODY = Buffer.from('{"price": 1.0, "who": "é"}\n')

test('what the reference library signs is authentic, whatever the body and the secret', () => {
  for (let n = 0; n < 200; n++) {
    const secret = `whsec_${randomBytes(24 + (n % 41)).toString('base64')}`
    const body = Buffer.from(randomBytes(n).toString('base64'))
    const id = `msg_${randomBytes(8).toString('hex')}`
    expect(check(signed({ body, id, secret }), { body, secret })).toEqual({ id })
  }
})

test('a signature with a public key is taken as v1a', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const secret = `whpk_${publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')}`
  const by = sign(null, Buffer.concat([Buffer.from(`msg_1.${NOW}.`), BODY]), privateKey).toString('base64')
  const headers = { 'webhook-id': 'msg_1', 'webhook-signature': `v1a,${by}`, 'webhook-timestamp': `${NOW}` }
  expect(check(headers, { secret })).toEqual({ id: 'msg_1' })
  expect(check({ ...headers, 'webhook-signature': `v1,${by}` }, { secret })).toMatchObject({ status: 401 })
  expect(check(headers, { body: Buffer.from('{}'), secret })).toMatchObject({ status: 401 })
  expect(check(headers, { secret: SECRET })).toMatchObject({ status: 401 })
})

test('of several signatures one is enough, as when a sender changes its secret', () => {
  const [old, fresh] = [signed({ secret: `whsec_${randomBytes(24).toString('base64')}` }), signed({})]
  const both = `${old['webhook-signature']} v2,abc nonsense ${fresh['webhook-signature']}`
  expect(check({ ...fresh, 'webhook-signature': both })).toEqual({ id: 'msg_1' })
})

test('any changed byte of body, id, time or signature is refused', () => {
  const good = signed({})
  for (let at = 0; at < BODY.length; at++) {
    const body = Buffer.from(BODY)
    body.writeUInt8(body.readUInt8(at) ^ 1, at)
    expect(check(good, { body })).toMatchObject({ status: 401 })
  }
  expect(check({ ...good, 'webhook-id': 'msg_2' })).toMatchObject({ status: 401 })
  expect(check({ ...good, 'webhook-timestamp': `${NOW + 1}` })).toMatchObject({ status: 401 })
  const [, mac = ''] = good['webhook-signature'].split(',')
  for (const other of [mac.slice(4), `${mac}A`, '', `${mac},${mac}`])
    expect(check({ ...good, 'webhook-signature': `v1,${other}` }), other).toMatchObject({ status: 401 })
})

test('an id, its time and the body cannot be shifted under one signature', () => {
  const inner = `${NOW + 1}.{}`
  const headers = signed({ body: Buffer.from(inner) })
  const shifted = { ...headers, 'webhook-id': `msg_1.${NOW}`, 'webhook-timestamp': `${NOW + 1}` }
  expect(check(shifted, { body: Buffer.from('{}') })).toMatchObject({ status: 400 })
})

test.each([
  [{ 'webhook-id': undefined }, 'Headers webhook-id, webhook-timestamp and webhook-signature are needed'],
  [{ 'webhook-signature': undefined }, 'Headers webhook-id'],
  [{ 'webhook-id': 'a'.repeat(257) }, '1 to 256 visible characters'],
  [{ 'webhook-id': 'a b' }, '1 to 256 visible characters'],
  [{ 'webhook-timestamp': '1e9' }, 'a whole number of seconds'],
  [{ 'webhook-timestamp': `${NOW - 301}` }, 'webhook-timestamp is 301 s behind this clock'],
  [{ 'webhook-timestamp': `${NOW + 301}` }, 'webhook-timestamp is 301 s ahead of this clock'],
  [{ 'webhook-signature': 'v1,AAAA' }, 'it takes v1.'],
])('headers with %j are refused by what would have been right', (change, sentence) => {
  const answer = check({ ...signed({}), ...change })
  expect('detail' in answer && answer.detail).toContain(sentence)
})

test('secrets have the forms of the specification', () => {
  const base64 = (length: number) => randomBytes(length).toString('base64')
  for (const secret of [`whsec_${base64(24)}`, `whsec_${base64(64)}`, `whpk_${base64(32)}`])
    expect(parseSecret(secret)).toBeDefined()
  for (const secret of [
    '',
    base64(32),
    `whsec_${base64(23)}`,
    `whsec_${base64(65)}`,
    `whpk_${base64(31)}`,
    'whsk_AA==',
  ])
    expect(parseSecret(secret), secret).toBeUndefined()
})

function signed({ body = BODY, id = 'msg_1', secret = SECRET }) {
  const signature = new Webhook(secret).sign(id, new Date(NOW * 1000), body.toString())
  return { 'webhook-id': id, 'webhook-signature': signature, 'webhook-timestamp': `${NOW}` }
}

function check(headers: Record<string, string | undefined>, { body = BODY, secret = SECRET } = {}) {
  const secrets = [parseSecret(secret)].filter((one): one is Secret => one !== undefined)
  return verify(headers, { body, now: NOW, secrets })
}
