import { equal, matches } from './Bytes.ts'
import type { Platform } from './Pck.ts'
import type { EnclaveReport, TdReport } from './Quote.ts'
import { refuse } from './Refusal.ts'
import { degrade, type Level, type Rating, relaunch } from './Tcb.ts'
import type { ModuleIdentity, PlatformMinimums, TcbInfo } from './TcbInfo.ts'

/** The rating of a platform and of what it measured, by the TCB info of its model. */
export function rate(options: rate.Options): Rating {
  const { info, platform, qe, report } = options
  if (!equal(platform.fmspc, info.fmspc)) {
    refuse('FMSPC', "the TCB info's FMSPC", { bound: platform.fmspc, value: info.fmspc })
  }
  if (!equal(platform.pceId, info.pceId)) {
    refuse('PCE_ID', "the TCB info's PCE id", { bound: platform.pceId, value: info.pceId })
  }
  if (report.kind === 'enclave') return combine(levelOf(platform, { info, tdxSvns: undefined }), qe)

  const launch = combine(rateDomain(report.teeTcbSvn, { info, platform }), qe)
  checkModule(report, moduleOf(report.teeTcbSvn, info).identity)
  if (!report.teeTcbSvn2) return launch
  const current = combine(rateDomain(report.teeTcbSvn2, { info, platform }), qe)
  const status = relaunch({ current: current.status, launch: launch.status })
  return { advisories: merge(launch.advisories, current.advisories), status }
}

export declare namespace rate {
  type Options = { info: TcbInfo; platform: Platform; qe: Rating; report: EnclaveReport | TdReport }
}

type Context = { info: TcbInfo; platform: Platform }

/** The rating of platform and TDX module, for the module's versions at launch or now. */
function rateDomain(svns: Uint8Array, { info, platform }: Context): Rating {
  const level = levelOf(platform, { info, tdxSvns: svns })
  const { levels, name } = moduleOf(svns, info)
  if (!levels) return level
  const [svn = 0] = svns
  const module = levels.find(({ minimums }) => svn >= minimums.isvSvn)
  if (module && module.status !== 'Revoked') return combine(level, module)
  const lowest = levels.filter(({ status }) => status !== 'Revoked').at(-1)?.minimums.isvSvn ?? 'none listed'
  const subject = `the security version of TDX module ${name}`
  return refuse('TDX_MODULE_TCB', subject, { bound: `at least ${lowest}`, value: svn })
}

/** Which identity the TDX module must have. Its major version, in byte 1, names one; version 0 has its own. */
function moduleOf(svns: Uint8Array, info: TcbInfo): Module {
  const [, major = 0] = svns
  const name = `TDX_${major.toString(16).padStart(2, '0').toUpperCase()}`
  const named = info.modules.get(name)
  const identity = major > 0 ? named : info.module
  if (!identity) {
    const bound = [...info.modules.keys()].sort().join(', ') || 'none listed'
    return refuse('TDX_MODULE', 'the TDX module', { bound, value: name })
  }
  return { identity, levels: major > 0 ? named?.levels : undefined, name }
}

type Module = {
  identity: ModuleIdentity
  levels: readonly Level<{ isvSvn: number }>[] | undefined
  name: string
}

function checkModule({ mrSignerSeam, seamAttributes }: TdReport, identity: ModuleIdentity): void {
  const { attributes, attributesMask, mrSigner } = identity
  if (!equal(mrSignerSeam, mrSigner)) {
    refuse('TDX_MODULE_IDENTITY', "the TDX module's signer", { bound: mrSigner, value: mrSignerSeam })
  }
  if (!matches(seamAttributes, { mask: attributesMask, wanted: attributes })) {
    const subject = "the TDX module's attributes under mask"
    refuse('TDX_MODULE_IDENTITY', subject, { bound: attributes, value: seamAttributes })
  }
}

type Compared = { info: TcbInfo; tdxSvns: Uint8Array | undefined }

function levelOf(platform: Platform, { info, tdxSvns }: Compared): Rating {
  const level = info.levels.find(({ minimums }) => shortfalls(platform, { minimums, tdxSvns }).length === 0)
  if (level) return level
  const [best] = info.levels
    .map(({ minimums }) => shortfalls(platform, { minimums, tdxSvns }))
    .reverse()
    .sort((left, right) => left.length - right.length)
  const [first] = best ?? []
  if (!first) return refuse('TCB_LEVEL', 'the TCB info', { bound: 'at least one level', value: 'none' })
  return refuse('TCB_LEVEL', first.component, {
    bound: `at least ${first.least} for the nearest level`,
    value: first.svn,
  })
}

type Shortfall = { component: string; least: number; svn: number }

/** The components that miss a level. The module rates bytes 0 and 1 of the TDX versions where it has a major. */
function shortfalls(platform: Platform, compared: Minimums): readonly Shortfall[] {
  const { minimums, tdxSvns } = compared
  const from = (tdxSvns?.[1] ?? 0) > 0 ? 2 : 0
  return [
    ...minimums.svns.map((least, index) => ({
      component: `the platform's CPU SVN component ${index}`,
      least,
      svn: platform.svns[index] ?? 0,
    })),
    { component: "the platform's PCE SVN", least: minimums.pceSvn, svn: platform.pceSvn },
    ...(tdxSvns && minimums.tdxSvns ? minimums.tdxSvns : [])
      .map((least, index) => ({
        component: `the TDX SVN component ${index}`,
        least,
        svn: tdxSvns?.[index] ?? 0,
      }))
      .slice(from),
  ].filter(({ least, svn }) => svn < least)
}

type Minimums = { minimums: PlatformMinimums; tdxSvns: Uint8Array | undefined }

function combine(platform: Rating, part: Rating): Rating {
  return {
    advisories: merge(platform.advisories, part.advisories),
    status: degrade(platform.status, part.status),
  }
}

function merge(left: readonly string[], right: readonly string[]): readonly string[] {
  return [...new Set([...left, ...right])].sort()
}
