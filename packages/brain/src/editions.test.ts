import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { LEVELS } from "@open-brains/core/quantise/coarse.ts"
import { RECIPE, type Recipe } from "@open-brains/core/train/recipe.ts"
import { expect, test } from "vitest"
import { buildModule, startFrom } from "./build.ts"
import { editionsWithin, fill, shortlist, weightBytes } from "./editions.ts"
import { splitsOf } from "./examples.ts"
import { parseSize, printSize } from "./size.ts"
import type { ModuleFiles } from "./store/folder.ts"
import { MESSAGES } from "./testing/lesson.ts"

const SMALL: Recipe = { ...RECIPE, epochs: 2, dims: 8 }

test("the size is known before a net is taught, to the byte", () => {
  for (const [dims, buckets] of [
    [8, 100],
    [7, 64],
  ] as const)
    for (const levels of [undefined, ...LEVELS]) {
      const recipe: Recipe = { ...SMALL, dims, buckets, relearn: false, ...(levels ? { levels } : {}) }
      const { parts } = buildModule(MESSAGES, [{ name: "scratch", recipe }], 1, undefined, wasmEngine)
      expect(weightBytes(recipe, 2)).toBe(parts["weights.safetensors"]!.length)
    }
})
test("a size is filled as far as whole rows go, and never passed", () => {
  for (const levels of [undefined, ...LEVELS])
    for (const bytes of [3000, 7001, 20_000]) {
      const recipe: Recipe = { ...SMALL, ...(levels ? { levels } : {}) }
      const found = fill(recipe, 2, bytes)
      if (levels === undefined && bytes === 3000) continue // bags have a table of 2 KB there
      expect(found!.bytes).toBeLessThanOrEqual(bytes)
      expect(found!.bytes).toBeGreaterThan(bytes - 2 * 8 - 8) // rows, and the alignment of the file's header
    }
  expect(fill(SMALL, 2, 400)).toBeUndefined()
})
test("nothing that is tried is larger than the size, and one too small for all is refused with the least", () => {
  const editions = editionsWithin(RECIPE, 150, 30_000)
  expect(editions.length).toBeGreaterThan(10)
  for (const { bytes } of editions) expect(bytes).toBeLessThanOrEqual(30_000)
  expect(() => editionsWithin(RECIPE, 150, 2000)).toThrow("OB570")
})
test("the first round keeps the shapes with the fewest bits, the same ones every time", () => {
  const splits = splitsOf(MESSAGES)
  const editions = editionsWithin(SMALL, 2, 4000).slice(4, 7) // of two kinds of number
  const run = () => {
    const work = shortlist(splits, editions, 2, 1, wasmEngine)
    for (let next = work.next(); ; next = work.next()) if (next.done) return next.value
  }
  const { finalists, trials } = run()
  expect(JSON.stringify(run())).toBe(JSON.stringify({ finalists, trials }))
  expect(trials).toHaveLength(editions.length)
  const least = Math.min(...trials.map(({ bits }) => bits))
  expect(editions.indexOf(finalists[0]!)).toBe(trials.findIndex(({ bits }) => bits === least))
  expect(finalists.every(({ bytes }) => bytes <= 4000)).toBe(true)
  expect(finalists.at(-1)!.bytes).toBeLessThanOrEqual(finalists[0]!.bytes / 2)
})
test("whoever learns on from a coarse module gets its rows as they count there", () => {
  for (const levels of LEVELS) {
    const recipe: Recipe = { ...SMALL, buckets: 64, relearn: false, levels }
    const { parts, taught } = buildModule(MESSAGES, [{ name: "scratch", recipe }], 1, undefined, wasmEngine)
    const files = { path: "desk", parts } as unknown as ModuleFiles // all that is read of it
    const { table, recipe: onward } = startFrom(files, SMALL)
    const unit = taught.weights["table_scale"]![0]!
    expect(table).toHaveLength(64 * 8)
    expect([onward.buckets, onward.dims]).toEqual([64, 8])
    const units = Array.from(table!, (value) => value / unit)
    expect(units.every((value) => Math.abs(value - Math.round(value)) < 1e-4)).toBe(true)
    expect(Math.max(...units.map(Math.abs))).toBeCloseTo((levels - 1) / 2, 4)
  }
})
test("sizes as people write them", () => {
  expect(["30KB", "30 kb", "30000", "30000B", "1.5MB", "0.5KB"].map(parseSize)).toEqual([
    ...[30_000, 30_000, 30_000, 30_000, 1_500_000, 500],
  ])
  expect(["", "KB", "30GB", "-3KB", "0", "1e5", "30KBs", "0.1", "99999999999"].map(parseSize)).toEqual(
    new Array(9).fill(undefined),
  )
  expect([999, 29_956, 275_438, 999_700].map(printSize)).toEqual(["999 bytes", "30 KB", "275 KB", "1 MB"])
})
