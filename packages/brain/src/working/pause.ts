import { setTimeout } from "node:timers/promises"

/** How long to wait before the next try: longer each time, and never as long as others who wait. */
export interface Pauses {
  /** Milliseconds, a new draw each time; whoever is waited for may ask to be asked sooner. */
  next(mostMs?: number): number
  /** There was something to do: wait briefly again. */
  reset(): void
}
const GROWTH = 2

/** From `leastMs` up to `mostMs`, each by half at most shorter than that, by lot: those who wait for one hub do not come all at once. */
export function openPauses(leastMs: number, mostMs: number, draw: () => number = Math.random): Pauses {
  let whole = leastMs
  return {
    next(asked = Number.POSITIVE_INFINITY) {
      const now = Math.min(whole, asked)
      whole = Math.min(mostMs, whole * GROWTH)
      return now * (1 - draw() / 2)
    },
    reset() {
      whole = leastMs
    },
  }
}

/** Waits, and is woken early by the signal. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, signal ? { signal } : {}).catch((error: unknown) => {
    if (signal?.aborted !== true) throw error
  })
}
