export type Call = () => void

/** Runs of each that are timed in turn. */
const TRIALS = 2
/** So much faster it must be, or it is not worth another core. */
const MARGIN = 0.95
const FIRST_PERIOD = 16
const LAST_PERIOD = 1024

/**
 * Two ways to do the same, of which the faster is used: both are timed at first, and now and then again, since code gets
 * faster after a while and other work on the machine comes and goes. `clock` gives milliseconds.
 */
export function fasterOf(plain: Call, other: Call, clock: () => number = () => performance.now()): Call {
  let [at, period] = [0, FIRST_PERIOD]
  let best = { plain: Infinity, other: Infinity }
  const timed = (call: Call): number => {
    const start = clock()
    call()
    return clock() - start
  }
  return () => {
    if (at === period) [at, period] = [0, Math.min(2 * period, LAST_PERIOD)]
    if (at === 0) best = { plain: Infinity, other: Infinity }
    const turn = at++
    if (turn >= 2 * TRIALS) (best.other < MARGIN * best.plain ? other : plain)()
    else if (turn % 2 === 0) best.other = Math.min(best.other, timed(other))
    else best.plain = Math.min(best.plain, timed(plain))
  }
}
