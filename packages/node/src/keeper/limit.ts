const MINUTE_MS = 60_000

/** Counts by the minute; answers whether `who` has asked more than `most` times in this one. */
export function createLimit(most: number): (who: string) => boolean {
  const counts = new Map<string, number>()
  let minute = 0
  return (who) => {
    const now = Math.floor(Date.now() / MINUTE_MS)
    if (now !== minute) counts.clear()
    minute = now
    const count = (counts.get(who) ?? 0) + 1
    counts.set(who, count)
    return count > most
  }
}
