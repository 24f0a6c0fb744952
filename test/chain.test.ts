import { parseEther } from 'viem'
import { expect, test } from 'vitest'
import { startChain } from './chain.ts'

test('each test gets a chain of its own, with the contracts on it', async () => {
  const chains = await Promise.all([startChain(), startChain()])
  try {
    const [one, other] = chains
    for (const address of [one.deployment.computeRegistry, one.deployment.computeRental])
      expect(await one.client.getCode({ address })).toMatch(/^0x60/)

    const before = await one.client.getBlock()
    const to = '0x00000000000000000000000000000000000000aa'
    await one.walletOf(3).sendTransaction({ to, value: parseEther('1') })
    await one.warp(3600)
    expect(await one.client.getBalance({ address: to })).toBe(parseEther('1'))
    expect(await other.client.getBalance({ address: to })).toBe(0n)
    const after = await one.client.getBlock()
    expect(after.timestamp - before.timestamp).toBeGreaterThanOrEqual(3600n)
  } finally {
    await Promise.all(chains.map((chain) => chain.close()))
  }
})
