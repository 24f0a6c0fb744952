/** What to look at and when: a heap of times, in which an id stands once, at the time that was set last. */
export type Agenda = {
  set(id: bigint, time: bigint): void
  drop(id: bigint): void
  /** The ids whose time has come, earliest first; they leave the agenda. */
  take(now: bigint): bigint[]
  readonly size: number
}

type Entry = { id: bigint; time: bigint }

export function createAgenda(): Agenda {
  const times = new Map<bigint, bigint>()
  const heap: Entry[] = []
  return {
    drop: (id) => void times.delete(id),
    set(id, time) {
      if (times.get(id) === time) return
      times.set(id, time)
      push(heap, { id, time })
    },
    get size() {
      return times.size
    },
    take(now) {
      const due: bigint[] = []
      for (let first = heap[0]; first !== undefined && first.time <= now; first = heap[0]) {
        pop(heap)
        // An entry that was set anew or dropped is still in the heap; it counts no more.
        if (times.get(first.id) !== first.time) continue
        times.delete(first.id)
        due.push(first.id)
      }
      return due
    },
  }
}

function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1
  while (at > 0) {
    const up = (at - 1) >> 1
    if (!swapIfLater(heap, up, at)) return
    at = up
  }
}

function pop(heap: Entry[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  heap[0] = last
  for (let at = 0; ; ) {
    const [left, right] = [2 * at + 1, 2 * at + 2]
    const down = timeAt(heap, right) < timeAt(heap, left) ? right : left
    if (!swapIfLater(heap, at, down)) return
    at = down
  }
}

function swapIfLater(heap: Entry[], up: number, down: number): boolean {
  const [above, below] = [heap[up], heap[down]]
  if (above === undefined || below === undefined || above.time <= below.time) return false
  heap[up] = below
  heap[down] = above
  return true
}

const timeAt = (heap: readonly Entry[], at: number) => heap[at]?.time ?? 2n ** 256n
