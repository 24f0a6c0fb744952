import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Deployment } from '@jejunetwork/contracts'
import * as Authority from '../../test/attestation/Authority.ts'
import { collateral, intel, tdxQuote } from '../../test/attestation/Intel.ts'
import { startMarket } from '../../test/attestation/Market.ts'
import { startPcs } from '../../test/attestation/Pcs.ts'
import { keyOf } from '../../test/chain.ts'
import { createHome, freePorts, run } from '../../test/jejuCompute.ts'
import { decode, encode } from './Question.ts'

/** What the guest is told: where all is that it talks to. */
export type Told = {
  deployment: Deployment
  rpcUrl: string
  pccsUrl: string
  /** Of a development account of the market. */
  privateKey: string
  /** Signs the question that is posted to `tdx`, and runs `jeju-compute verify 1` on `verify`. */
  hostUrl: string
  httpPort: number
  sshPort: number
}

export type Host = { told: Told; close(): Promise<void> }

const DAY = 86_400n

/** The world of the guest: a market, a collateral service, and who signs reports, all under root keys of our own. */
export async function startHost(): Promise<Host> {
  const market = await startMarket((at) => intel({ at }))
  const { at } = market.intel
  const pcs = await startPcs(() => ({
    ...collateral(market.intel, { from: at - 3600n, until: at + 30n * DAY }),
    pckCrlIssuerChain: Authority.pem(market.intel.platformCa, market.intel.root),
  }))
  const home = createHome(market)
  home.env['JEJU_TEE_ROOT'] = market.intel.roots[0]
  const server = createServer(async (request, response) => {
    if (request.url === '/verify') {
      const { code, stderr, stdout } = await run(['verify', '1'], home.env)
      response.writeHead(code === 0 ? 200 : 500).end(stdout + stderr)
    } else {
      const { reportData } = decode(await body(request))
      response.end(encode({ report: tdxQuote(market.intel, { reportData }) }))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const [httpPort = 0, sshPort = 0] = await freePorts(2)
  const { port } = server.address() as AddressInfo
  return {
    async close() {
      server.close()
      server.closeAllConnections()
      await pcs.close()
      await market.close()
      home.remove()
    },
    told: {
      deployment: market.deployment,
      hostUrl: seenFromGuest(`http://127.0.0.1:${port}`),
      httpPort,
      privateKey: keyOf(1),
      pccsUrl: seenFromGuest(pcs.url),
      rpcUrl: seenFromGuest(market.rpcUrl),
      sshPort,
    },
  }
}

/** QEMU's network shows the host's loopback to the guest so. */
function seenFromGuest(url: string): string {
  return url.replace('127.0.0.1', '10.0.2.2')
}

async function body(request: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync<Buffer>(request))
}
