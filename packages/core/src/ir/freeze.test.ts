import fc from "fast-check"
import { expect, test } from "vitest"
import { add, and, buffer, i32, let_, load, local, loop, loopUpTo, mul, parallel, set, store, table } from "./build.ts"
import { freeze } from "./freeze.ts"
import { interpreter, memoryOf } from "./interpret.ts"
import { printProgram } from "./print.ts"
import type { Program } from "./program.ts"
import { difference } from "./testing/difference.ts"
import { hostileProgram, memoryFor, RUNS, SEED } from "./testing/hostile.ts"
import { withoutFloats } from "./testing/integer.ts"
import { validate } from "./validate.ts"

const [x, w, packed, twice, y, z] = [
  buffer("input", "u8", "x", 4),
  buffer("input", "i32", "w", 4),
  buffer("scratch", "i32", "packed", 4),
  buffer("scratch", "i32", "twice", 4),
  buffer("output", "i32", "y", 1),
  buffer("output", "i32", "z", 4),
]
const [i, j, k, sum] = [local("i"), local("j"), local("k"), local("sum")]
const layer: Program = {
  name: "layer",
  buffers: [x, w, packed, twice, y, z],
  body: [
    let_(sum, i32(0)),
    loop(i, 4, [set(sum, add(sum, mul(load(x, i), load(packed, i))))]),
    store(y, i32(0), sum),
    parallel(j, 4, [store(twice, j, add(load(x, j), load(x, j)))]),
    parallel(k, 4, [store(z, k, load(twice, k))]),
  ],
  entries: { prepare: [parallel("p", 4, [store(packed, local("p"), add(load(w, local("p")), i32(1)))])] },
}
const values = { w: Int32Array.of(1, -2, 3, 100) }

test("weights become constants, what depends on them alone is worked out, and all is as narrow as it may be", () => {
  const frozen = freeze(layer, { values, prepares: ["prepare"] })
  expect(validate(frozen)).toEqual([])
  expect(frozen.entries).toEqual({})
  expect(frozen.buffers.map(({ name, dtype, values: all }) => [name, dtype, all])).toEqual([
    ["x", "u8", undefined],
    ["packed", "i8", [2, -1, 4, 101]], // w itself is read by nothing any more
    ["twice", "i16", undefined], // 510 at most
    ["y", "i32", undefined],
    ["z", "i32", undefined],
  ])
})
test("what was prepared may not change later", () => {
  const again = { ...layer, body: [...layer.body, store(packed, i32(0), load(x, i32(0)))] }
  expect(() => freeze(again, { values, prepares: ["prepare"] })).toThrow(
    "bug: `packed` is prepared, and stored to again",
  )
})
test("an output that nobody reads takes what it alone needs with it", () => {
  const frozen = freeze(layer, { values, prepares: ["prepare"], gives: ["y"] })
  expect(frozen.buffers.map(({ name }) => name)).toEqual(["x", "packed", "y"])
  expect(printProgram(frozen)).not.toMatch(/twice|z\[/)
})
test("a buffer that keeps the low bits of what does not fit keeps its dtype", () => {
  const small = buffer("scratch", "u16", "small", 1)
  const cuts: Program = {
    name: "cuts",
    buffers: [x, small, y],
    body: [store(small, i32(0), add(and(load(x, i32(0)), 7), i32(-1))), store(y, i32(0), load(small, i32(0)))],
  }
  const frozen = freeze(cuts, { values: {}, prepares: [] })
  expect(frozen.buffers.find(({ name }) => name === "small")?.dtype).toBe("u16")
})
test("loops of one round and of none are gone, and so are sums of numbers", () => {
  const numbers = table("i32", "numbers", [7, 8])
  const program: Program = {
    name: "p",
    buffers: [numbers, x, y],
    body: [
      parallel(i, 1, [
        let_(sum, add(mul(i, i32(3)), i32(2))),
        store(y, mul(i, i32(5)), add(load(numbers, i32(1)), and(load(x, i), sum))),
      ]),
      loop(j, 0, [store(y, i32(0), i32(9))]),
      loopUpTo(k, i32(0), 5, [store(y, i32(0), i32(9))]),
    ],
  }
  expect(printProgram(freeze(program, { values: {}, prepares: [] }))).toMatch(
    /run\n {2}y\[0\] = 8 \+ \(x\[0\] & 2\)\n$/,
  )
})
test(`a frozen program gives the bytes of the program (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(
      hostileProgram(4)
        .map(withoutFloats)
        .chain((program) => fc.tuple(fc.constant(program), memoryFor(program, "input"), memoryFor(program, "state"))),
      ([program, inputs, state]) => {
        const frozen = freeze(program, { values: {}, prepares: [] })
        expect(validate(frozen)).toEqual([])
        const given = program.buffers.filter(({ access }) => access === "output" || access === "state")
        const [before, after] = [program, frozen].map((each) => {
          const memory = memoryOf(each)
          for (const [name, data] of Object.entries({ ...inputs, ...state })) memory[name]?.set(data)
          interpreter(each, memory)()
          for (const block of Object.values(each.entries ?? {})) interpreter(each, memory, block)()
          return Object.fromEntries(given.map(({ name }) => [name, memory[name]!]))
        })
        expect(difference(before!, after!)).toBeUndefined()
      },
    ),
    { seed: SEED, numRuns: RUNS },
  )
})
