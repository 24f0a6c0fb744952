import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../..')
const bin = join(root, 'node_modules/.bin')

/** A plain npm project, outside this repository, that installed the package as npm would publish it. */
let project: string

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'jeju-pack-'))
  run(root, join(bin, 'tsc'), '-b', 'packages/contracts')
  const packed = run(join(root, 'packages/contracts'), 'npm', 'pack', '--json', '--pack-destination', project)
  const [{ filename }] = JSON.parse(packed)
  writeFileSync(join(project, 'package.json'), '{"name":"plain","private":true,"type":"module"}')
  run(project, 'npm', 'install', '--offline', '--no-audit', '--no-fund', `./${filename}`)
  symlinkSync(join(root, 'node_modules/viem'), join(project, 'node_modules/viem'))
}, 120_000)

afterAll(() => rmSync(project, { recursive: true }))

test('a plain npm project imports the ABIs and deployments', () => {
  writeFileSync(
    join(project, 'main.js'),
    `import * as contracts from '@jejunetwork/contracts'
import { ComputeRegistryAbi } from '@jejunetwork/contracts'
import { encodeFunctionData, parseEther } from 'viem'
const data = encodeFunctionData({
  abi: ComputeRegistryAbi,
  functionName: 'register',
  args: ['https://mynode.example.com:4007', '{}', parseEther('0.01')],
})
console.log(JSON.stringify({ names: Object.keys(contracts).sort(), selector: data.slice(0, 10) }))
`,
  )
  const { names, selector } = JSON.parse(run(project, process.execPath, 'main.js'))
  expect(names).toEqual([
    'AgentReputationAbi',
    'AttestationRegistryAbi',
    'AttesterQuorumsAbi',
    'ComputeRegistryAbi',
    'ComputeRentalAbi',
    'ComputeStakingAbi',
    'GuardianPanelAbi',
    'IdentityRegistryAbi',
    'InferenceServingAbi',
    'LedgerManagerAbi',
    'PccsAbi',
    'ProviderDiscoveryAbi',
    'ProviderFlagsAbi',
    'ProviderRatingsAbi',
    'ReputationRegistryAbi',
    'SnpJudgeAbi',
    'TriggerRegistryAbi',
    'ValidationRegistryAbi',
    'contractNames',
    'deployments',
  ])
  expect(selector).toMatch(/^0x[0-9a-f]{8}$/)
})

test("the spec's own snippets type-check there, and a wrong one does not", () => {
  const snippets = (
    hours: string,
  ) => `import { ComputeRegistryAbi, ComputeRentalAbi, type Deployment, deployments } from '@jejunetwork/contracts'
import { createWalletClient, custom, parseEther } from 'viem'
import { foundry } from 'viem/chains'

declare const attestationData: string
declare const providerId: bigint
const client = createWalletClient({ account: '0x0000000000000000000000000000000000000001', chain: foundry, transport: custom({ request: async () => '0x' }) })
const { computeRegistry, computeRental } = deployments[31337] as Deployment

const tx: \`0x\${string}\` = await client.writeContract({
  address: computeRegistry,
  abi: ComputeRegistryAbi,
  functionName: 'register',
  args: ['https://mynode.example.com:4007', attestationData, parseEther('0.01')],
  value: parseEther('0.1'),
})
const rent: \`0x\${string}\` = await client.writeContract({
  address: computeRental,
  abi: ComputeRentalAbi,
  functionName: 'createSession',
  args: [providerId, ${hours}, 'ssh-rsa AAAA... user@host'],
  value: parseEther('0.24'),
})
export { rent, tx }
`
  writeFileSync(join(project, 'right.ts'), snippets('24n'))
  writeFileSync(join(project, 'wrong.ts'), snippets("'24'"))
  const options = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--target',
    'ES2022',
    '--module',
    'NodeNext',
    '--types',
    '',
  ]
  run(project, join(bin, 'tsc'), ...options, 'right.ts')
  expect(() => run(project, join(bin, 'tsc'), ...options, 'wrong.ts')).toThrow(/wrong\.ts/)
}, 60_000)

/** What the command printed; its output is part of the error if it fails. */
function run(cwd: string, command: string, ...args: string[]): string {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string }
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`, { cause })
  }
}
