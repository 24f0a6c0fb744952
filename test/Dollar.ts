import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Address, erc20Abi, getAddress, type Hex, parseAbi } from 'viem'
import { foundry } from '../packages/contracts/scripts/foundry.ts'
import type { Chain } from './chain.ts'

const CONTRACTS = join(import.meta.dirname, '../packages/contracts')
const MINT = parseAbi(['function mint(address to, uint256 amount)'])

/** A token of six decimals, TUSD, on a test's chain. */
export type Dollar = {
  address: Address
  mint(to: Address, amount: bigint): Promise<void>
  balanceOf(account: Address): Promise<bigint>
  allowance(owner: Address, spender: Address): Promise<bigint>
}

export async function deployDollar({ client, walletOf }: Chain): Promise<Dollar> {
  const wallet = walletOf(0)
  const hash = await wallet.deployContract({ abi: [], bytecode: build() })
  const { contractAddress } = await client.waitForTransactionReceipt({ hash })
  if (!contractAddress) throw new Error('The token was not deployed.')
  const token = { abi: erc20Abi, address: getAddress(contractAddress) } as const
  return {
    address: token.address,
    allowance: (...args) => client.readContract({ ...token, args, functionName: 'allowance' }),
    balanceOf: (...args) => client.readContract({ ...token, args, functionName: 'balanceOf' }),
    async mint(...args) {
      const call = { abi: MINT, address: contractAddress, args, functionName: 'mint' } as const
      await client.waitForTransactionReceipt({ hash: await wallet.writeContract(call) })
    },
  }
}

/** Compiles the token alone, which is quick. */
function build(): Hex {
  const folder = mkdtempSync(join(tmpdir(), 'dollar-'))
  try {
    execFileSync(
      foundry('forge'),
      ['build', 'test/utils/TestToken.sol', '--out', folder, '--cache-path', join(folder, 'cache')],
      { cwd: CONTRACTS, stdio: ['ignore', 'ignore', 'inherit'] },
    )
    const artifact = readFileSync(join(folder, 'TestToken.sol/TestToken.json'), 'utf8')
    return (JSON.parse(artifact) as { bytecode: { object: Hex } }).bytecode.object
  } finally {
    rmSync(folder, { force: true, recursive: true })
  }
}
