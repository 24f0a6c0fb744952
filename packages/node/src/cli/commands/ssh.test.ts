import { expect, test } from 'vitest'
import { isAccess } from './ssh.ts'

const ACCESS = { host: 'node.example.com', hostKey: 'ssh-ed25519 AAAAC3Nza+/=', port: 2222 }

test('what a node answers is a place to go to', () => {
  expect(isAccess(ACCESS)).toBe(true)
  expect(isAccess({ ...ACCESS, host: '127.0.0.1' })).toBe(true)
  expect(isAccess({ ...ACCESS, host: '[::1]' })).toBe(true)
})

test.each([
  null,
  { ...ACCESS, host: '-oProxyCommand=touch /tmp/x' },
  { ...ACCESS, host: 'a;touch /tmp/x' },
  { ...ACCESS, host: '$(touch x)' },
  { ...ACCESS, host: 'a\nb' },
  { ...ACCESS, hostKey: 'ssh-ed25519 AAAA\n* ssh-ed25519 BBBB' },
  { ...ACCESS, hostKey: '@cert-authority * ssh-ed25519 BBBB' },
  { ...ACCESS, port: '22 -oX' },
  { ...ACCESS, port: 1e9 },
])('%j is none', (value) => {
  expect(isAccess(value)).toBe(false)
})
