/** Runs long work to its end, letting others run a few times a second: else nobody would hear a Ctrl-C. */
export async function inTurns<Progress, Result>(
  work: Generator<Progress, Result>,
  onProgress?: (progress: Progress) => void,
): Promise<Result> {
  let turn = performance.now()
  let next = work.next()
  for (; !next.done; next = work.next()) {
    onProgress?.(next.value)
    if (performance.now() - turn < TURN_MS) continue
    await new Promise((wake) => setImmediate(wake))
    turn = performance.now()
  }
  return next.value
}
const TURN_MS = 50
