// Rents a machine on the local market with nothing but viem and the contracts' ABIs, and says how to log in.
//   npm run example examples/rent.mjs <your SSH public key file>
import { existsSync, readFileSync } from 'node:fs'
import { ComputeRegistryAbi, ComputeRentalAbi } from '@jejunetwork/contracts'
import { createWalletClient, http, parseEther, parseEventLogs, publicActions } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'

const [keyFile] = process.argv.slice(2)
if (!keyFile || !existsSync(keyFile)) fail('Name your SSH public key file, such as ~/.ssh/id_ed25519.pub.')

const rpcUrl = process.env.JEJU_RPC_URL ?? 'http://127.0.0.1:6546'
// One of the local chain's development accounts: everybody knows its key.
const account = mnemonicToAccount('test test test test test test test test test test test junk', {
  addressIndex: 3,
})
const client = createWalletClient({
  account,
  chain: foundry,
  transport: http(rpcUrl),
}).extend(publicActions)
await client.getChainId().catch(() => fail(`No market answers at ${rpcUrl}; open one with \`npm start\`.`))
const { computeRegistry, computeRental } = JSON.parse(
  readFileSync(new URL('../packages/contracts/deployments/31337.json', import.meta.url), 'utf8'),
)

const providerId = 1n
const { endpoint } = await client.readContract({
  address: computeRegistry,
  abi: ComputeRegistryAbi,
  functionName: 'getProvider',
  args: [providerId],
})

const tx = await client.writeContract({
  address: computeRental,
  abi: ComputeRentalAbi,
  functionName: 'createSession',
  args: [
    providerId,
    24n, // Duration in hours
    readFileSync(keyFile, 'utf8').trim(), // SSH public key
  ],
  value: parseEther('0.24'), // 24 hours × 0.01 ETH/hour
})

const { logs } = await client.waitForTransactionReceipt({ hash: tx })
const [created] = parseEventLogs({ abi: ComputeRentalAbi, logs, eventName: 'SessionCreated' })
const { sessionId } = created.args
console.log(`Session ${sessionId} is paid; waiting for the provider …`)

for (;;) {
  const session = await (await fetch(`${endpoint}/v1/sessions/${sessionId}`)).json()
  if (session.state === 'declined') throw new Error(`Declined: ${session.reason}`)
  if (session.ssh) {
    console.log(
      `ssh -p ${session.ssh.port} -i ${keyFile.replace(/\.pub$/, '')} ${sessionId}@${session.ssh.host}`,
    )
    break
  }
  await new Promise((resolve) => setTimeout(resolve, 200))
}

function fail(sentence) {
  console.error(sentence)
  process.exit(1)
}
