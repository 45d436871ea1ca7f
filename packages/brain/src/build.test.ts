import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { RECIPE, type Recipe, WIDE, WIDE_OF_TWO, wideFor } from "@open-brains/core/train/recipe.ts"
import { expect, test } from "vitest"
import { buildModule, startFrom, startsOf } from "./build.ts"
import type { ModuleFiles } from "./store/folder.ts"
import { MESSAGES } from "./testing/lesson.ts"

test("few labels are tried by a wide recipe too, two of them by more rows of fewer numbers, in as many bytes", () => {
  for (const [examples, labels, wide] of [
    [999, 2, undefined],
    [1000, 1, WIDE],
    [1000, 2, WIDE_OF_TWO],
    [1000, 3, WIDE],
    [1000, 32, WIDE],
    [1000, 33, undefined],
  ] as const) {
    expect([examples, labels, wideFor(examples, labels)]).toEqual([examples, labels, wide])
    const starts = startsOf(undefined, RECIPE, wideFor(examples, labels))
    expect(starts.map(({ recipe }) => recipe)).toEqual(wide ? [RECIPE, { ...RECIPE, ...wide }] : [RECIPE])
  }
  for (const { buckets, dims } of [WIDE, WIDE_OF_TWO]) expect(buckets * dims).toBe(RECIPE.buckets * RECIPE.dims)
})
test("whoever learns on from a base reads words as often as the base does", () => {
  const once: Recipe = { ...RECIPE, epochs: 1, buckets: 64, dims: 8, relearn: false }
  const thrice: Recipe = { ...once, wordTimes: 3 }
  for (const [base, recipe] of [
    [once, thrice],
    [thrice, once],
  ] as const) {
    const { parts } = buildModule(MESSAGES, [{ name: "scratch", recipe: base }], 1, undefined, wasmEngine)
    expect(startFrom({ parts } as unknown as ModuleFiles, recipe).recipe.wordTimes).toBe(base.wordTimes)
  }
})
