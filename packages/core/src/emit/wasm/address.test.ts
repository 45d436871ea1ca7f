import { expect, test } from "vitest"
import { wasmEngine } from "../../engine/wasm.ts"
import { add, buffer, i32, load, local, mul, parallel, store, sub } from "../../ir/build.ts"
import { ANY, type Interval } from "../../ir/interval.ts"
import { splitIndex } from "./address.ts"

const known: Readonly<Record<string, Interval>> = { i: [0, 15], j: [0, 9] }
const ofLocal = (name: string): Interval => known[name] ?? ANY
const [i, j] = [local("i"), local("j")]

test("constants of sums and products are gathered for the instruction", () => {
  expect(splitIndex(add(mul(add(i, i32(2)), i32(8)), add(j, i32(3))), ofLocal)).toEqual({
    rest: add(mul(i, i32(8)), j),
    constant: 19,
  })
  expect(splitIndex(i32(7), ofLocal)).toEqual({ rest: i32(0), constant: 7 })
})
test("nothing is split off what may be negative, may wrap, or is not known", () => {
  for (const index of [
    add(sub(i, i32(3)), i32(3)),
    add(local("any"), i32(3)),
    add(i, i32(-1)),
    add(mul(i, i32(2 ** 30)), i32(3)),
    add(i, i32(2 ** 28)),
  ])
    expect(splitIndex(index, ofLocal)).toEqual({ rest: index, constant: 0 })
})
test("nothing is split off where a factor is too large to be exact", () => {
  const [large, opposite] = [
    mul(mul(i, i32(2 ** 27 + 1)), i32(2 ** 27 + 1)),
    mul(mul(i, i32(-(2 ** 27))), i32(2 ** 27 + 2)),
  ]
  const index = add(add(large, opposite), i32(3)) // i + 3, where doubles would make it 0 · i + 3
  expect(splitIndex(index, () => [0, 0])).toEqual({ rest: index, constant: 0 })
})
test("an index that is negative but for its constant reads where the judge reads", () => {
  const [x, y] = [buffer("input", "f32", "x", 16), buffer("output", "f32", "y", 16)]
  const body = [parallel("i", 16, [store(y, i, load(x, add(sub(i, i32(3)), i32(3))))])]
  const { memory, run } = wasmEngine.instantiate({ name: "shifted", buffers: [x, y], body })
  memory["x"]!.set(Array.from({ length: 16 }, (_, n) => n))
  run()
  expect([...memory["y"]!]).toEqual([...memory["x"]!])
})
