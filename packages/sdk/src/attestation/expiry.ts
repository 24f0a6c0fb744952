import type { Window } from './Chain.ts'

/** However long evidence holds, a provider shows it anew after seven days. */
const LONGEST = 7n * 86_400n

/** Until when evidence verified at a time counts, in seconds: its window's end, or seven days if that is sooner. */
export function expiry({ until }: Window, at: bigint): bigint {
  const week = at + LONGEST
  return until < week ? until : week
}
