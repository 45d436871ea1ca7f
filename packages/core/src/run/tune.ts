import { TILES, TILES_TO_TRY, type Tile, type Tiles } from "../base/tiles.ts"
import { instantiate, programOf } from "../compile.ts"
import type { Engine } from "../engine/engine.ts"
import { input, matmul, weight } from "../graph/operations.ts"
import { PREPARE } from "../link/link.ts"

/** Milliseconds from some moment on; core has no clock of its own. */
export type Clock = () => number

/**
 * How this machine likes its products cut: each way is run on one product of floats and one of bytes, in turns, so that a
 * neighbour who disturbs disturbs all; the fastest run of each counts. Whatever comes out, the bits are the same.
 * `budget` is in milliseconds, for both kinds; engines that tier up in the background want some hundred.
 */
export function tune(engine: Engine, clock: Clock, budget = 400): Tiles {
  const fastest = (kind: "float" | "integer"): Tile => {
    const ways = TILES_TO_TRY[kind].map((tile) => ({ tile, run: productOf(kind, { ...TILES, [kind]: tile }, engine) }))
    const best = new Map(ways.map(({ tile }) => [tile, Infinity]))
    for (const end = clock() + budget / 2; clock() < end; )
      for (const { tile, run } of ways) {
        const start = clock()
        run()
        best.set(tile, Math.min(best.get(tile)!, clock() - start))
      }
    return [...best].reduce((a, b) => (b[1] < CLEARLY * a[1] ? b : a))[0]
  }
  return { float: fastest("float"), integer: fastest("integer") }
}

/** What is usual comes first and packs fastest, which one product does not show: another way has to be clearly faster. */
const CLEARLY = 0.98

/** The same engine, with products cut as it likes them. */
export const tuned = (engine: Engine, clock: Clock, budget?: number): Engine => ({
  ...engine,
  tiles: tune(engine, clock, budget),
})

/** One product, large enough to be timed by a clock of microseconds: 1 or 2 M multiplications. */
function productOf(kind: "float" | "integer", tiles: Tiles, engine: Engine): () => void {
  const [dtype, m] = kind === "float" ? (["f32", 96] as const) : (["i8", 8] as const)
  const [k, n] = kind === "float" ? [96, 96] : [512, 256]
  const y = matmul(input("a", dtype, [m, k]), weight("b", dtype, [k, n]))
  const { memory, run, entries } = instantiate(
    programOf({ name: "tune", outputs: { y }, prepares: true, tiles }),
    engine,
  )
  for (const name of ["a", "b"]) memory[name]!.set(Array.from(memory[name]!, (_, i) => ((i * 7) % 11) - 5))
  entries[PREPARE]?.()
  return run
}
