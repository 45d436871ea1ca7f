/** Timing on a machine that others use too: short windows in turn, of which the least disturbed counts. */

const WINDOW_MS = 4

/**
 * Milliseconds a call of each work, the best of many windows. The works take turns, so that a slow stretch of the machine
 * meets all of them; a work is called for a fifth of a second first, so that its code is the fast one.
 */
export function bestMs(works: readonly (() => void)[], seconds: number): readonly number[] {
  const calls = works.map((work) => {
    let [count, start] = [0, performance.now()]
    for (; performance.now() - start < 200; count++) work()
    start = performance.now()
    work()
    return Math.max(1, Math.min(count, Math.round(WINDOW_MS / Math.max(1e-4, performance.now() - start))))
  })
  const best = works.map(() => Number.POSITIVE_INFINITY)
  const end = performance.now() + seconds * 1000
  do {
    works.forEach((work, i) => {
      const start = performance.now()
      for (let call = 0; call < calls[i]!; call++) work()
      best[i] = Math.min(best[i]!, (performance.now() - start) / calls[i]!)
    })
  } while (performance.now() < end)
  return best
}
