import { RECIPE, WIDE, WIDE_OF_TWO, wideFor } from "@open-brains/core/train/recipe.ts"
import { expect, test } from "vitest"
import { startsOf } from "./build.ts"

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
