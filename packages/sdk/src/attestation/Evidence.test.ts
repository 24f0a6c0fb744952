import { expect, test } from 'vitest'
import { isGateway } from './Evidence.ts'

const GATEWAY = { host: 'node.example.com', hostKey: 'ssh-ed25519 AAAAC3Nza+/=', port: 2222 }

test('what a node answers is a place to go to', () => {
  expect(isGateway(GATEWAY)).toBe(true)
  expect(isGateway({ ...GATEWAY, host: '127.0.0.1' })).toBe(true)
  expect(isGateway({ ...GATEWAY, host: '[::1]' })).toBe(true)
})

test.each([
  null,
  { ...GATEWAY, host: '-oProxyCommand=touch /tmp/x' },
  { ...GATEWAY, host: 'a;touch /tmp/x' },
  { ...GATEWAY, host: '$(touch x)' },
  { ...GATEWAY, host: 'a\nb' },
  { ...GATEWAY, hostKey: 'ssh-ed25519 AAAA\n* ssh-ed25519 BBBB' },
  { ...GATEWAY, hostKey: '@cert-authority * ssh-ed25519 BBBB' },
  { ...GATEWAY, port: '22 -oX' },
  { ...GATEWAY, port: 1e9 },
])('%j is none', (value) => {
  expect(isGateway(value)).toBe(false)
})
