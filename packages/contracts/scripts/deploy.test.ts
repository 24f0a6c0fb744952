import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { createPublicClient, http, isAddress, type PublicClient, parseAbi } from 'viem'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { contractNames } from '../abi/index.ts'
import { foundry } from './foundry.ts'

const contracts = join(import.meta.dirname, '..')
const ANVIL_ACCOUNT = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'

let folder: string
let anvils: ChildProcess[]

beforeEach(() => {
  mkdirSync(join(contracts, 'cache/deployments'), { recursive: true })
  folder = mkdtempSync(join(contracts, 'cache/deployments/'))
  anvils = []
})

afterEach(async () => {
  for (const anvil of anvils) await stop(anvil)
  rmSync(folder, { recursive: true })
})

test('DEP-1: the documented command deploys all contracts, and a second run leaves them as they are', async () => {
  const chain = await startChain()
  const said = await deploy(chain)
  expect(said).toContain('Jeju Compute is deployed')
  const first = readFileSync(join(folder, '31337.json'), 'utf8')
  const deployment = JSON.parse(first)
  expect(Object.keys(deployment).sort()).toEqual([...contractNames, 'blockNumber', 'chainId'].sort())
  expect(deployment.chainId).toBe(31337)
  for (const key of contractNames) {
    expect(isAddress(deployment[key]), `${key} is a checksummed address`).toBe(true)
    expect(await chain.client.getCode({ address: deployment[key] }), `${key} has code`).toMatch(/^0x60/)
  }

  const nonce = await chain.client.getTransactionCount({ address: ANVIL_ACCOUNT })
  expect(await deploy(chain)).toContain('already deployed')
  expect(readFileSync(join(folder, '31337.json'), 'utf8')).toBe(first)
  expect(await chain.client.getTransactionCount({ address: ANVIL_ACCOUNT })).toBe(nonce)
}, 300_000)

test('DEP-2: a record of a chain that is gone, or a broken one, is written anew', async () => {
  writeFileSync(join(folder, '31337.json'), '{"chainId":31337,"computeRegistry":"nowhere"}')
  const chain = await startChain()
  await deploy(chain)
  const { computeRental } = JSON.parse(readFileSync(join(folder, '31337.json'), 'utf8'))
  await stop(chain.anvil)

  const next = await startChain()
  await next.client.request({ method: 'anvil_setNonce' as never, params: [ANVIL_ACCOUNT, '0x7'] as never })
  await deploy(next)
  const deployment = JSON.parse(readFileSync(join(folder, '31337.json'), 'utf8'))
  expect(deployment.computeRental).not.toBe(computeRental)
  expect(
    await next.client.readContract({
      address: deployment.computeRental,
      abi: parseAbi(['function REGISTRY() view returns (address)']),
      functionName: 'REGISTRY',
    }),
  ).toBe(deployment.computeRegistry)
}, 300_000)

test('DEP-3: the development key is refused on any chain but the local one', async () => {
  const chain = await startChain('--chain-id', '8453')
  await expect(deploy(chain)).rejects.toThrow('PublicKeyOnRealChain(8453)')
  expect(await chain.client.getTransactionCount({ address: ANVIL_ACCOUNT })).toBe(0)
}, 300_000)

test('DEP-3: elsewhere the key comes from the environment', async () => {
  // Room for all of it in one block, which the script itself makes on the local chain alone: anvil loses transactions that
  // found its block full.
  const chain = await startChain('--chain-id', '8453', '--gas-limit', '100000000')
  // anvil's second account: any key that is not the first one's.
  const key = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d'
  await deploy(chain, { PRIVATE_KEY: key })
  const { ledgerManager } = JSON.parse(readFileSync(join(folder, '8453.json'), 'utf8'))
  expect(await chain.client.getCode({ address: ledgerManager })).toMatch(/^0x60/)
}, 300_000)

test('DEP-4: ERC-8004 registries that the environment names are used, if they belong together', async () => {
  const chain = await startChain()
  await deploy(chain)
  const first = record()
  rmSync(join(folder, '31337.json'))
  const named = { IDENTITY_REGISTRY: first.identityRegistry, REPUTATION_REGISTRY: first.reputationRegistry }
  await deploy(chain, named)
  const second = record()
  expect(second).toMatchObject({
    identityRegistry: first.identityRegistry,
    reputationRegistry: first.reputationRegistry,
  })
  expect(second.computeRegistry).not.toBe(first.computeRegistry)

  rmSync(join(folder, '31337.json'))
  const foreign = { ...named, IDENTITY_REGISTRY: first.computeRegistry }
  await expect(deploy(chain, foreign)).rejects.toThrow('ReputationOfOthers')
}, 300_000)

const record = () => JSON.parse(readFileSync(join(folder, '31337.json'), 'utf8'))

type Chain = { anvil: ChildProcess; client: PublicClient; rpcUrl: string }

async function startChain(...args: string[]): Promise<Chain> {
  const anvil = spawn(foundry('anvil'), ['--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  anvils.push(anvil)
  const rpcUrl = await new Promise<string>((resolve, reject) => {
    let said = ''
    anvil.once('exit', () => reject(new Error(`anvil ended: ${said}`)))
    anvil.stdout.on('data', (chunk) => {
      said += chunk
      const address = /Listening on (\S+)/.exec(said)?.[1]
      if (address !== undefined) resolve(`http://${address}`)
    })
  })
  return { anvil, rpcUrl, client: createPublicClient({ transport: http(rpcUrl) }) }
}

async function stop(anvil: ChildProcess): Promise<void> {
  if (anvil.exitCode !== null || anvil.signalCode !== null) return
  const ended = once(anvil, 'exit')
  anvil.kill()
  await ended
}

async function deploy(chain: Chain, environment: Record<string, string> = {}): Promise<string> {
  const command = ['script', 'script/DeployCompute.s.sol', '--rpc-url', chain.rpcUrl, '--broadcast']
  const { PRIVATE_KEY: _, ...inherited } = process.env
  const { stdout } = await promisify(execFile)(foundry('forge'), command, {
    cwd: contracts,
    env: {
      ...inherited,
      PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`,
      DEPLOYMENTS: relative(contracts, folder),
      FOUNDRY_BROADCAST: `${relative(contracts, folder)}/broadcast`,
      ...environment,
    },
  })
  return stdout
}
