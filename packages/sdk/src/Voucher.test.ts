import { type Address, hashTypedData } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { digest, isFrom, packTally, sign, signerOf, tallyOf, unpackTally } from './Voucher.ts'

const address = (digit: string): Address => `0x${digit.repeat(40)}`
const payee = { chainId: 31_337, contract: address('1'), provider: address('2'), token: address('0') }
const tally = { cumulative: 123_456_789_012n, epoch: 3, tokens: 4_242n }

test('a tally survives packing, at its limits too', () => {
  const largest = { cumulative: 2n ** 80n - 1n, epoch: 255, tokens: 2n ** 40n - 1n }
  for (const one of [tally, largest, { cumulative: 0n, epoch: 0, tokens: 0n }]) {
    expect(unpackTally(packTally(one))).toEqual(one)
  }
  expect(packTally(largest)).toBe(2n ** 128n - 1n)
  for (const wrong of [{ epoch: 256 }, { cumulative: 2n ** 80n }, { tokens: 2n ** 40n }]) {
    expect(() => packTally({ ...tally, ...wrong })).toThrow(RangeError)
  }
})

test('the digest is that of EIP-712', () => {
  const expected = hashTypedData({
    domain: {
      chainId: payee.chainId,
      name: 'Jeju InferenceServing',
      verifyingContract: payee.contract,
      version: '1',
    },
    message: { provider: payee.provider, tally: packTally(tally), token: payee.token },
    primaryType: 'Voucher',
    types: {
      Voucher: [
        { name: 'provider', type: 'address' },
        { name: 'token', type: 'address' },
        { name: 'tally', type: 'uint128' },
      ],
    },
  })
  expect(digest(packTally(tally), payee)).toBe(expected)
})

test('a voucher is 80 bytes and names its signer, for its payee alone', async () => {
  const keys = Array.from({ length: 20 }, () => privateKeyToAccount(generatePrivateKey()))
  for (const key of keys) {
    const voucher = await sign(key, { payee, tally })
    expect(voucher).toHaveLength(2 + 160)
    expect(tallyOf(voucher)).toEqual(tally)
    expect(await signerOf(voucher, payee)).toBe(key.address)
    expect(await isFrom(key.address, { payee, voucher })).toBe(true)
    expect(await isFrom(address('9'), { payee, voucher })).toBe(false)
    expect(await isFrom(key.address, { payee: { ...payee, chainId: 1 }, voucher })).toBe(false)
  }
})

test('what is no signature is from nobody', async () => {
  expect(await isFrom(address('9'), { payee, voucher: `0x${'ff'.repeat(80)}` })).toBe(false)
  expect(await isFrom(address('9'), { payee, voucher: '0x12' })).toBe(false)
})
