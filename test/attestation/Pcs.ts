import type { ServerResponse } from 'node:http'
import type { Attestation } from '@jejunetwork/sdk'
import { type Served, serve } from '../serve.ts'

/** A collateral service on loopback with the paths of Intel's, version 4, as a PCCS serves them. */
export type Pcs = Served & { asked: string[] }

/** Serves what `make` answers at the time of asking. */
export async function startPcs(make: () => Attestation.Pcs.Fetched): Promise<Pcs> {
  const asked: string[] = []
  const served = await serve((request, response) => {
    asked.push(request.url ?? '')
    const route = routes.find(({ path }) => path.test(request.url ?? ''))
    if (route) route.answer(make(), response)
    else response.writeHead(404).end()
  })
  return { ...served, asked }
}

type Route = { path: RegExp; answer: (of: Attestation.Pcs.Fetched, response: ServerResponse) => void }

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const encoded = (pem: string): string => encodeURIComponent(pem)

const routes: readonly Route[] = [
  {
    answer: ({ rootCaCrl }, response) => response.end(hex(rootCaCrl)),
    path: /^\/sgx\/certification\/v4\/rootcacrl$/,
  },
  {
    answer: ({ pckCrl, pckCrlIssuerChain }, response) => {
      response.setHeader('SGX-PCK-CRL-Issuer-Chain', encoded(pckCrlIssuerChain))
      response.end(pckCrl)
    },
    path: /^\/sgx\/certification\/v4\/pckcrl\?ca=(platform|processor)&encoding=der$/,
  },
  {
    answer: ({ tcbInfo, tcbInfoIssuerChain, tcbInfoSignature }, response) => {
      response.setHeader('TCB-Info-Issuer-Chain', encoded(tcbInfoIssuerChain))
      response.end(`{"tcbInfo":${tcbInfo},"signature":"${hex(tcbInfoSignature)}"}`)
    },
    path: /^\/(sgx|tdx)\/certification\/v4\/tcb\?fmspc=[0-9a-f]{12}&update=(early|standard)$/,
  },
  {
    answer: ({ qeIdentity, qeIdentityIssuerChain, qeIdentitySignature }, response) => {
      response.setHeader('SGX-Enclave-Identity-Issuer-Chain', encoded(qeIdentityIssuerChain))
      response.end(`{"enclaveIdentity":${qeIdentity},"signature":"${hex(qeIdentitySignature)}"}`)
    },
    path: /^\/(sgx|tdx)\/certification\/v4\/qe\/identity\?update=(early|standard)$/,
  },
]
