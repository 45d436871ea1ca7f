import { expect, test } from "vitest"
import { TILES, TILES_TO_TRY } from "../base/tiles.ts"
import type { Engine } from "../engine/engine.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { tune, tuned } from "./tune.ts"

/** A clock that only runs moves, by the number of its steps: the way whose program is called `slow` times longer loses. */
function engineWithClock(favourite: number): { readonly engine: Engine; readonly clock: () => number } {
  let now = 0
  let made = 0
  const engine: Engine = {
    name: "timed",
    instantiate(program, within) {
      const [instance, place] = [wasmEngine.instantiate(program, within), made++]
      const run = (): void => {
        instance.run()
        now += place % 3 === favourite ? 1 : 2
      }
      return { ...instance, run }
    },
  }
  return { engine, clock: () => now }
}

test("the fastest way is taken, whichever it is", () => {
  for (const favourite of [0, 1, 2]) {
    const { engine, clock } = engineWithClock(favourite)
    expect(tune(engine, clock, 40)).toEqual({
      float: TILES_TO_TRY.float[favourite],
      integer: TILES_TO_TRY.integer[favourite],
    })
  }
})
test("a tuned engine keeps its name and gets its tiles", () => {
  const { engine, clock } = engineWithClock(0)
  expect(tuned(engine, clock, 8)).toMatchObject({ name: "timed", tiles: TILES })
})
test("with a real clock", () => {
  const { float, integer } = tune(wasmEngine, () => performance.now(), 40)
  expect(TILES_TO_TRY.float).toContain(float)
  expect(TILES_TO_TRY.integer).toContain(integer)
})
