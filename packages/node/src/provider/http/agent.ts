import { type Deployment, Discovery, Registry } from '@jejunetwork/sdk'
import type { FastifyInstance } from 'fastify'
import type { PublicClient } from 'viem'

/** A stranger's question makes the node read the chain at most so often. */
const FRESH_MS = 30_000
const IMAGE =
  'data:image/svg+xml,%3Csvg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"%3E%3Cpath d="M1 1h6v2H1zm0 4h6v2H1z"/%3E%3C/svg%3E'

/** `GET /.well-known/agent-registration.json`: what the provider is as an agent of ERC-8004, with proof that its endpoint is its own. */
export function addAgent(app: FastifyInstance, options: addAgent.Options): void {
  let file: Promise<object> | undefined
  let readAt = 0
  app.get('/.well-known/agent-registration.json', async () => {
    if (file === undefined || Date.now() - readAt > FRESH_MS) {
      readAt = Date.now()
      file = read(options)
      file.catch(() => {
        file = undefined
      })
    }
    return file
  })
}

export declare namespace addAgent {
  type Options = {
    client: PublicClient
    deployment: Deployment
    endpoint: string
    providerId: bigint
    servesModels: boolean
  }
}

async function read({ client, deployment, endpoint, providerId, servesModels }: addAgent.Options) {
  const [provider, standing] = await Promise.all([
    Registry.get(client, { deployment, providerId }),
    Discovery.standingOf(client, { deployment, providerId }),
  ])
  const { agentId, level } = standing
  const gpus = provider.gpuCount > 0n ? `${provider.gpuCount} × ${provider.gpuModel || 'GPU'}` : 'no GPU'
  const models = servesModels ? [{ endpoint: `${endpoint}/v1`, name: 'OpenAI', version: 'v1' }] : []
  return {
    type: 'https://eips.ethereum.org/EIPS/eip-8004#registration-v1',
    name: `Jeju Compute provider ${providerId}`,
    description: `Rents out a machine (${gpus}) by the second over SSH${servesModels ? ' and serves models by the token' : ''}, paid on chain ${deployment.chainId}.`,
    image: IMAGE,
    services: [{ endpoint, name: 'jeju-compute', version: 'v1' }, ...models],
    x402Support: false,
    active: provider.active,
    registrations:
      agentId === undefined
        ? []
        : [
            {
              agentId: Number(agentId),
              agentRegistry: `eip155:${deployment.chainId}:${deployment.identityRegistry}`,
            },
          ],
    supportedTrust: ['reputation', 'crypto-economic', ...(level > 0 ? ['tee-attestation'] : [])],
  }
}
