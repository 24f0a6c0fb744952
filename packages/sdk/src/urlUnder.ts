/** An address under a base URL, whose own path it keeps: `https://host/node/` and `/health` make `https://host/node/health`. */
export function urlUnder(base: string, path: string): string {
  return `${base.replace(/\/+$/, '')}${path}`
}
