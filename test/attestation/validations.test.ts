import { Attestation, IdentityRegistryAbi, Registry, ValidationRegistryAbi } from '@jejunetwork/sdk'
import { keccak256, toHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chain, startChain } from '../chain.ts'

const { Validations } = Attestation
const evidenceHash = keccak256(toHex('evidence'))

let chain: Chain
let providerId: bigint

beforeAll(async () => {
  chain = await startChain()
  const terms = {
    endpoint: 'http://127.0.0.1:1',
    hardwareAttestation: '{}',
    pricePerHour: 1n,
    stake: 10n ** 17n,
  }
  ;({ providerId } = await Registry.register(chain.walletOf(1), { ...terms, deployment: chain.deployment }))
})

afterAll(() => chain?.close())

test('TEE-31: a request names its evidence, and who takes its hash first only makes it another', async () => {
  const { client, deployment } = chain
  const { agentId = -1n } = (await Registry.agentOf(client, { deployment, providerId })) ?? {}
  const about = {
    agentId,
    chainId: BigInt(deployment.chainId),
    evidenceHash,
    registry: deployment.validationRegistry,
    validator: deployment.attestationRegistry,
  }
  const taken = Validations.requestHash({ ...about, nonce: 0n })
  await squat(taken)

  const asking = { deployment, evidenceHash, evidenceUri: 'ipfs://evidence', providerId }
  const { requestHash } = await Validations.ask(chain.walletOf(1), asking)
  expect(requestHash).toBe(Validations.requestHash({ ...about, nonce: 1n }))
  expect(await Validations.statusOf(client, { deployment, requestHash })).toMatchObject({ agentId, at: 0n })
  const again = await Validations.ask(chain.walletOf(1), asking)
  expect(again.requestHash).toBe(Validations.requestHash({ ...about, nonce: 2n }))

  const stranger = chain.walletOf(3)
  await Validations.answer(stranger, { deployment, providerId, requestHash })
  const answered = await Validations.statusOf(client, { deployment, requestHash })
  expect(answered).toMatchObject({ response: 0, tag: '', validator: about.validator })
  expect(answered?.at).toBeGreaterThan(0n)
  await expect(Validations.answer(stranger, { deployment, providerId, requestHash: taken })).rejects.toThrow(
    'request of another',
  )
})

test('a request that nobody made has no answer, and only who speaks for the agent makes one', async () => {
  const { client, deployment } = chain
  expect(await Validations.statusOf(client, { deployment, requestHash: evidenceHash })).toBeUndefined()
  const asking = { deployment, evidenceHash, evidenceUri: '', providerId }
  await expect(Validations.ask(chain.walletOf(3), asking)).rejects.toThrow('not authorized')
  await expect(Validations.ask(chain.walletOf(1), { ...asking, providerId: 99n })).rejects.toThrow(
    'Provider 99 is linked to no agent',
  )
})

/** A stranger with an agent of its own asks by this hash before the provider does. */
async function squat(requestHash: `0x${string}`): Promise<void> {
  const { client, deployment } = chain
  const squatter = chain.walletOf(4)
  const identity = { abi: IdentityRegistryAbi, address: deployment.identityRegistry } as const
  const registry = { abi: ValidationRegistryAbi, address: deployment.validationRegistry } as const
  const { request, result } = await client.simulateContract({
    ...identity,
    account: squatter.account,
    args: [],
    functionName: 'register',
  })
  await client.waitForTransactionReceipt({ hash: await squatter.writeContract(request) })
  const args = [deployment.attestationRegistry, result, '', requestHash] as const
  const hash = await squatter.writeContract({ ...registry, args, functionName: 'validationRequest' })
  await client.waitForTransactionReceipt({ hash })
}
