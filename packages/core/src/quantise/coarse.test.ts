import { expect, test } from "vitest"
import { stream } from "../base/random.ts"
import { compileGraph } from "../compile.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { input } from "../graph/operations.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { columnSteps, LEVELS, levelOf, mostOf, onGrid, stepOf } from "./coarse.ts"

const random = stream(SEED, "mix", 11)
/** A bell of a thousand numbers: the sum of four even ones, less two. */
const drawn = Float32Array.from({ length: 1000 }, (_, i) =>
  [0, 1, 2, 3].reduce((sum, part) => sum + random.uniform(4 * i + part), -2),
)
const bell = drawn.with(0, -2).with(1, 2) // both ends
const errorOf = (values: Float32Array, step: number, most: number): number =>
  values.reduce((sum, v) => sum + (v - step * levelOf(v, step, most)) ** 2, 0)

test(`the graph puts numbers where the stored ones will be (SEED=${SEED})`, () => {
  for (const engine of [interpreterEngine, wasmEngine])
    for (const levels of LEVELS) {
      const most = mostOf(levels)
      const [x, step] = [input("x", "f32", [100, 10]), input("step", "f32", [1, 1])]
      const { memory, run } = compileGraph({ name: "grid", outputs: { y: onGrid(x, step, most) } }, engine)
      const unit = Math.fround(1.9 / (most + 1))
      memory["x"]!.set(bell)
      memory["step"]!.set([unit])
      run()
      expect([...memory["y"]!]).toEqual(Array.from(bell, (v) => Math.fround(unit * levelOf(v, unit, most)) + 0))
      expect(new Set(memory["y"]!).size).toBeLessThanOrEqual(levels)
    }
})
test("a column's largest number is its last level; one of zeros has a step all the same", () => {
  const x = input("x", "f32", [2, 3])
  const { memory, run } = compileGraph({ name: "steps", outputs: { y: columnSteps(x, 7) } }, wasmEngine)
  memory["x"]!.set([7, -1, 0, -3, 14, 0])
  run()
  const [first, second, none] = [...memory["y"]!]
  expect(first).toBeCloseTo(1, 6)
  expect(second).toBeCloseTo(2, 6)
  expect(none).toBe(2 ** -20)
})
test("the step loses little: no other does much better, and the largest number does not decide it", () => {
  for (const levels of LEVELS) {
    const most = mostOf(levels)
    const found = errorOf(bell, stepOf(bell, most), most)
    const others = Array.from({ length: 400 }, (_, i) => errorOf(bell, (i + 1) / 200, most))
    expect(found).toBeLessThan(1.03 * Math.min(...others))
    expect(stepOf(bell.with(0, 20), most)).toBeLessThan(0.5 * (20 / most)) // one number far out has no say
    const grid = bell.map((v) => levelOf(v, 0.25, most) * 0.25)
    expect(stepOf(grid, most)).toBeCloseTo(0.25, 6)
    expect(
      stepOf(
        bell.map((v) => v * 8),
        most,
      ),
    ).toBeCloseTo(8 * stepOf(bell, most), 4)
  }
  expect(stepOf(new Float32Array(10), 7)).toBe(2 ** -20)
})
