import { expect, test } from "vitest"
import { compileGraph } from "../compile.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { input } from "../graph/operations.ts"
import { clipped } from "./gradient.ts"

const [a, b] = [input("a", "f32", [2, 1]), input("b", "f32", [1, 3])]
const [x, y] = clipped([a, b], 2)
const { memory, run } = compileGraph({ name: "clipped", outputs: { x: x!, y: y! } }, wasmEngine)
function of(first: readonly number[], second: readonly number[]): readonly number[] {
  memory["a"]!.set([...first])
  memory["b"]!.set([...second])
  run()
  return [...memory["x"]!, ...memory["y"]!]
}

test("gradients that are long together are shortened to the norm in their own direction", () => {
  const found = of([3, -4], [12, 0, 84])
  expect(Math.hypot(...found)).toBeCloseTo(2, 5)
  for (const [i, value] of [3, -4, 12, 0, 84].entries()) expect(found[i]).toBeCloseTo((value * 2) / 85, 5)
})
test("short ones stay, to the bit, and none are none", () => {
  const short = [0.5, -0.25, 1, 0, 1].map(Math.fround)
  expect(of(short.slice(0, 2), short.slice(2))).toEqual(short)
  expect(of([0, 0], [0, 0, 0])).toEqual([0, 0, 0, 0, 0])
})
test("a norm beyond all numbers leaves nothing to go on with", () => {
  expect(of([3e38, 3e38], [0, 0, 0]).some((value) => value !== 0 && !Number.isNaN(value))).toBe(false)
})
