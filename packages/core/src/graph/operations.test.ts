import fc from "fast-check"
import { expect, test } from "vitest"
import { DTYPE, type Dtype, numbersOf } from "../base/dtype.ts"
import { Refusal } from "../base/problem.ts"
import { sizeOf } from "../base/shape.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { difference } from "../ir/testing/difference.ts"
import { memoryFor, SEED } from "../ir/testing/hostile.ts"
import { validate } from "../ir/validate.ts"
import { lowerGraph } from "../lower/lower.ts"
import { inOrder, isNode, type Name } from "./graph.ts"
import { OPERATIONS } from "./operations.ts"
import { allGraphs, CASES } from "./testing/cases.ts"
import { type Given, gradientError } from "./testing/evaluate.ts"
import { giver } from "./testing/give.ts"

const NAMES = Object.keys(CASES) as readonly Name[]

for (const name of NAMES) {
  const { refusals, gradient } = CASES[name]
  if (refusals.length > 0)
    test(`${name}: shapes and dtypes that do not fit are refused with their code`, () => {
      const codes = refusals.map(([, build]) => codesOf(build))
      expect(codes).toEqual(refusals.map(([code]) => [code]))
    })
  test(`${name}: its reference in WebAssembly equals the judge on hostile numbers (SEED=${SEED})`, () => {
    const program = lowerGraph({ name, outputs: allGraphs(name) })
    expect(validate(program)).toEqual([])
    const [judge, wasm] = [interpreterEngine.instantiate(program), wasmEngine.instantiate(program)]
    for (const memory of fc.sample(memoryFor(program, "input"), { numRuns: 2, seed: SEED })) {
      for (const [input, numbers] of Object.entries(memory)) {
        judge.memory[input]!.set(numbers)
        wasm.memory[input]!.set(numbers)
      }
      judge.run()
      wasm.run()
      expect(difference(judge.memory, wasm.memory)).toBeUndefined()
    }
  })
  if (typeof gradient === "string") continue
  test(`${name}: its gradient rule equals differences in f64 (SEED=${SEED})`, () => {
    for (const y of gradient(giver())) {
      const leaves = inOrder([y]).flatMap((node) =>
        isNode(node, "input") || isNode(node, "weight") ? [node.attributes] : [],
      )
      const numbers = leaves.map(({ name, dtype, shape }) => numbersFor(name, dtype, sizeOf(shape)))
      const directions = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), {
        minLength: sizeOf(y.shape),
        maxLength: sizeOf(y.shape),
      })
      fc.assert(
        fc.property(fc.tuple(...numbers), directions, (values, dy) => {
          const given: Given = Object.fromEntries(leaves.map(({ name }, i) => [name, values[i]!]))
          expect(gradientError(y, given, dy)).toBeLessThan(1e-6)
        }),
        { seed: SEED, numRuns: 20 },
      )
    }
  })
}

/**
 * Floats in ½ … 3, where no operation bends sharply: logarithms, roots and quotients have no kink there. Those called
 * `apart` differ by a hundredth at least, close to the kink of `maximum` but not at it. Indices go out of range.
 */
function numbersFor(name: string, dtype: Dtype, length: number): fc.Arbitrary<readonly number[]> {
  const many = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(one, { minLength: length, maxLength: length })
  if (name.startsWith("apart"))
    return fc.shuffledSubarray(
      Array.from({ length: 300 }, (_, i) => 0.5 + i / 100),
      { minLength: length, maxLength: length },
    )
  if (DTYPE[dtype].scalar === "i32")
    return many(fc.integer({ min: -2, max: 7 })).map((all) => [...numbersOf(dtype, all)])
  return many(fc.double({ min: 0.5, max: 3, noNaN: true }))
}
function codesOf(build: () => unknown): readonly string[] {
  try {
    build()
    return []
  } catch (error) {
    if (error instanceof Refusal) return error.problems.map(({ code }) => code)
    throw error
  }
}

test("every operation without a gradient says so, and no other does", () => {
  const give = giver()
  for (const name of NAMES) {
    const [y] = CASES[name].graphs(3, give)
    if (y!.inputs.length === 0) continue
    const rules = OPERATIONS[name] as { gradient(dy: unknown, y: unknown): readonly unknown[] }
    const isFlat = rules.gradient(y, y).every((slope) => slope === undefined)
    expect([name, isFlat]).toEqual([name, typeof CASES[name].gradient === "string"])
  }
})
