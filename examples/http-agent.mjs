// An agent over HTTP: verifies each call of its triggers against the chain, and does each once.
//   npm run example examples/http-agent.mjs [port] [address of the agent]

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { AgentCall } from '@jejunetwork/sdk'
import {
  createPublicClient,
  decodeAbiParameters,
  hexToBigInt,
  hexToString,
  http,
  parseAbiParameters,
} from 'viem'

// Unless it is named, the agent is the account that creates triggers on a local chain.
const [port = '9000', agent = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'] = process.argv.slice(2)
const { JEJU_DEPLOYMENT, JEJU_RPC_URL = 'http://127.0.0.1:6546' } = process.env
const client = createPublicClient({ transport: http(JEJU_RPC_URL) })
await client
  .getChainId()
  .catch(() => fail(`No chain answers at ${JEJU_RPC_URL}; start the local market with \`npm start\`.`))
const addresses = JEJU_DEPLOYMENT ?? new URL('../packages/contracts/deployments/31337.json', import.meta.url)
const deployment = JSON.parse(readFileSync(addresses, 'utf8'))

// A real agent keeps this where it survives a restart.
const done = new Set()

const server = createServer(async (request, response) => {
  try {
    const body = Buffer.concat(await request.toArray())
    const call = await AgentCall.verify({ body, headers: request.headers }, { agent, client, deployment })
    const id = AgentCall.idOf(call)
    if (!done.has(id)) console.log(`Trigger ${call.triggerId} ran: ${whatOf(call)}`)
    done.add(id)
    response.writeHead(204).end()
  } catch (error) {
    // Not authentic: no. Anything else, such as a chain that does not answer: later, please.
    response.writeHead(error instanceof AgentCall.AgentCallError ? 401 : 503).end(error.message)
  }
})
server.on('error', () => fail(`Port ${port} is taken; name another one.`))
server.listen(Number(port), '127.0.0.1', () =>
  console.log(`Agent ${agent} listens on http://127.0.0.1:${port}.`),
)

function whatOf({ key, kind, payload }) {
  if (kind === 'cron') return `it is ${new Date(Number(key) * 1000).toISOString()}`
  if (kind === 'webhook') return `somebody sent ${hexToString(payload)}`
  const [emitter, , data] = decodeAbiParameters(parseAbiParameters('address, bytes32[], bytes'), payload)
  return `${emitter} logged ${data === '0x' ? 'nothing more' : hexToBigInt(data)}`
}

function fail(sentence) {
  console.error(sentence)
  process.exit(1)
}
