import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type AbiFunction, type AbiParameter, parseAbiItem, toFunctionSignature } from 'viem'
import { formatAbiItem } from 'viem/utils'
import { expect, test } from 'vitest'
import {
  ComputeRegistryAbi,
  ComputeRentalAbi,
  ComputeStakingAbi,
  InferenceServingAbi,
  LedgerManagerAbi,
  TriggerRegistryAbi,
} from '../abi/index.ts'

const ABIS: Record<string, readonly unknown[]> = {
  ComputeRegistry: ComputeRegistryAbi,
  ComputeRental: ComputeRentalAbi,
  ComputeStaking: ComputeStakingAbi,
  InferenceServing: InferenceServingAbi,
  LedgerManager: LedgerManagerAbi,
  TriggerRegistry: TriggerRegistryAbi,
}

/** The page that promises these contracts, as data: what stands in its code blocks, word for word. */
const SPEC = {
  ComputeRegistry: {
    structs: {
      Provider:
        'address owner; string endpoint; string hardwareAttestation; uint256 gpuCount; string gpuModel; uint256 pricePerHour; bool active;',
    },
    functions: [
      'function register(string endpoint, string hardwareAttestation, uint256 pricePerHour) external payable returns (uint256 providerId)',
      'function updatePricing(uint256 pricePerHour) external',
      'function setActive(bool active) external',
      'function getProvider(uint256 providerId) external view returns (Provider)',
      'function getProviderByAddress(address owner) external view returns (Provider)',
    ],
  },
  ComputeRental: {
    structs: {
      Session:
        'address renter; uint256 providerId; uint256 startTime; uint256 endTime; uint256 deposit; string sshPublicKey; bool active;',
    },
    functions: [
      'function createSession(uint256 providerId, uint256 durationHours, string sshPublicKey) external payable returns (uint256 sessionId)',
      'function extendSession(uint256 sessionId, uint256 additionalHours) external payable',
      'function terminateSession(uint256 sessionId) external',
      'function getSession(uint256 sessionId) external view returns (Session)',
    ],
  },
  InferenceServing: {
    structs: {},
    functions: [
      'function deposit() external payable',
      'function withdraw(uint256 amount) external',
      'function recordUsage(address user, uint256 inputTokens, uint256 outputTokens, string model) external',
      'function getBalance(address user) external view returns (uint256)',
      'function getUsage(address user) external view returns (uint256 totalTokens, uint256 totalCost)',
    ],
  },
  LedgerManager: {
    structs: {},
    functions: [
      'function deposit() external payable',
      'function depositToken(address token, uint256 amount) external',
      'function withdraw(uint256 amount) external',
      'function withdrawToken(address token, uint256 amount) external',
      'function getBalance(address user) external view returns (uint256 ethBalance)',
      'function getTokenBalance(address user, address token) external view returns (uint256)',
    ],
  },
  ComputeStaking: { structs: {}, functions: [] },
  TriggerRegistry: {
    structs: { Trigger: 'address agent; uint8 triggerType; bytes config; bool active;' },
    functions: [
      'function createTrigger(uint8 triggerType, bytes config) external returns (uint256 triggerId)',
      'function executeTrigger(uint256 triggerId, bytes input) external',
      'function deactivateTrigger(uint256 triggerId) external',
    ],
  },
} as const

/** Functions that return a struct of the spec which the spec itself does not list. */
const STRUCT_READERS: Record<string, string> = { TriggerRegistry: 'getTrigger' }

for (const [name, promised] of Object.entries(SPEC)) {
  const functions = (ABIS[name] ?? []).filter(
    (item): item is AbiFunction => (item as AbiFunction).type === 'function',
  )

  test(`${name} is where the spec says`, () => {
    expect(existsSync(join(import.meta.dirname, `../src/compute/${name}.sol`))).toBe(true)
  })

  test.each(promised.functions)(`${name}: %s`, (signature) => {
    const structs = Object.entries(promised.structs).map(
      ([struct, fields]) => `struct ${struct} { ${fields} }`,
    )
    const wanted = parseAbiItem([signature, ...structs] as never) as unknown as AbiFunction
    const got = functions.find((item) => toFunctionSignature(item) === toFunctionSignature(wanted))
    expect(got, 'declared').toBeDefined()
    expect(got?.stateMutability, 'takes ether, changes state or only reads').toBe(wanted.stateMutability)
    expect(named(got?.inputs), 'arguments').toEqual(named(wanted.inputs))
    expect(named(got?.outputs), 'results').toEqual(named(wanted.outputs))
  })

  for (const [struct, fields] of Object.entries(promised.structs)) {
    test(`${name}: struct ${struct}`, () => {
      const reader = functions.find(
        (item) =>
          item.name === (STRUCT_READERS[name] ?? item.name) &&
          item.outputs.some(
            (output) => 'internalType' in output && output.internalType?.endsWith(`.${struct}`),
          ),
      )
      const components = (reader?.outputs[0] as { components?: AbiParameter[] })?.components ?? []
      expect(`${components.map(({ type, name }) => `${type} ${name};`).join(' ')}`).toBe(fields)
    })
  }
}

test('TriggerRegistry: enum TriggerType { Cron, Webhook, Event }', () => {
  const create = TriggerRegistryAbi.find((item) => 'name' in item && item.name === 'createTrigger')
  expect(JSON.stringify(create)).toContain('TriggerType')
})

test('staking asks for what the spec says', () => {
  const constants = ComputeStakingAbi.filter((item) => 'name' in item && /_STAKE$/.test(item.name))
  expect(constants.map((item) => formatAbiItem(item as never))).toEqual(
    expect.arrayContaining(['GUARDIAN_STAKE()', 'PROVIDER_STAKE()', 'USER_STAKE()']),
  )
})

/** Types and names, structs opened, without what the compiler adds. */
function named(parameters: readonly AbiParameter[] | undefined): unknown {
  return parameters?.map((parameter) => ({
    type: parameter.type,
    name: parameter.name ?? '',
    ...('components' in parameter ? { components: named(parameter.components) } : {}),
  }))
}
