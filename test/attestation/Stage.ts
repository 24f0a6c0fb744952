import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Attestation } from '@jejunetwork/sdk'
import { type LocalAccount, type PublicClient, parseEther } from 'viem'
import { createLog } from '../../packages/node/src/log.ts'
import { type Provider, start } from '../../packages/node/src/provider/provider.ts'
import { freePorts } from '../jejuCompute.ts'
import { type Amd, certificateTable, keyFiles, snpReport } from './Amd.ts'
import * as Authority from './Authority.ts'
import { collateral, intel, tdxQuote } from './Intel.ts'
import { type Kds, startKds } from './Kds.ts'
import { startMarket } from './Market.ts'
import { type Pcs, startPcs } from './Pcs.ts'
import { beSnp, startTsm, type Tsm } from './Tsm.ts'

/** A market of our own root key, a machine with a TEE under it, and the vendors' services: what a provider's node meets. */
export type Stage = {
  market: Awaited<ReturnType<typeof startMarket>>
  pcs: Pcs
  kds: Kds
  tsm: Tsm
  folder: string
  /** All lines that nodes logged. */
  said: string[]
  /** What the service serves from now on. */
  publish(options: collateral.Options): void
  /** What AMD's service names as revoked from now on. */
  revoke(...parties: readonly Authority.Party[]): void
  /** Lets time pass, on the chain and for the service. */
  pass(seconds: bigint): Promise<void>
  /** A node of the `account`-th development account. It keeps its folder and ports. */
  startNode(options?: { account?: number; reports?: string }): Promise<Provider>
  close(): Promise<void>
}

const DAY = 86_400n

/** With `snp`, the machine is AMD's; its host gives certificates along unless `bare`. */
export async function startStage(options: startStage.Options = {}): Promise<Stage> {
  const { bare = false, snp } = options
  const market = await startMarket((at) => intel({ at }))
  let { at: now } = market.intel
  let published: collateral.Options = {}
  const ports = await freePorts(8)
  const folder = mkdtempSync(join(tmpdir(), 'attested-'))
  const amd = snp?.(now)
  const tsm = startTsm(join(folder, 'tsm'), (reportData) =>
    amd ? snpReport(amd, { reportData }) : tdxQuote(market.intel, { reportData }),
  )
  if (amd) beSnp(tsm, bare ? new Uint8Array() : certificateTable(amd))
  let revoked: readonly Authority.Party[] = []
  const kds = await startKds(() => (amd ? keyFiles(amd, revoked) : {}))
  const pcs = await startPcs(() => ({
    ...collateral(market.intel, { from: now - 3600n, until: now + 30n * DAY, ...published }),
    pckCrlIssuerChain: Authority.pem(market.intel.platformCa, market.intel.root),
  }))
  const said: string[] = []
  const log = createLog({ to: { write: (line) => void said.push(line) } })
  return {
    async close() {
      await pcs.close()
      await kds.close()
      await tsm.end()
      await market.close()
      rmSync(folder, { force: true, recursive: true })
    },
    folder,
    kds,
    market,
    async pass(seconds) {
      now += seconds
      await market.warp(Number(seconds))
    },
    pcs,
    publish: (options) => {
      published = options
    },
    revoke: (...parties) => {
      revoked = parties
    },
    said,
    startNode({ account = 1, reports = tsm.folder } = {}) {
      const dataDir = join(folder, String(account))
      mkdirSync(dataDir, { recursive: true })
      const { accounts, client, deployment } = market
      const config = {
        attestation: {
          amdRoots: amd?.roots,
          collateralMs: 0,
          intervalMs: 100,
          kdsUrl: kds.url,
          pccsUrl: pcs.url,
          tsm: reports,
        },
        dataDir,
        deployment,
        dockerSocket: '',
        host: '127.0.0.1',
        httpPort: ports[2 * account] ?? 0,
        inference: false,
        pricePerHour: parseEther('0.01'),
        publicUrl: `http://127.0.0.1:${ports[2 * account]}`,
        removeMachinesOnClose: false,
        runtime: 'process',
        sshHost: '127.0.0.1',
        sshPort: ports[2 * account + 1] ?? 0,
        stake: parseEther('0.1'),
      } as const
      const { signal } = new AbortController()
      return start(config, {
        account: accounts[account] as LocalAccount,
        client: client as PublicClient,
        log,
        signal,
      })
    },
    tsm,
  }
}

export declare namespace startStage {
  type Options = { snp?: (at: bigint) => Amd; bare?: boolean }
}

/** What the chain says of a node's provider now. */
export function levelOf({ market }: Stage, { providerId }: Provider): Promise<Attestation.Level> {
  const { client, deployment } = market
  return Attestation.levelOf(client, { deployment, providerId })
}
