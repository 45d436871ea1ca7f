import fc from "fast-check"
import { expect } from "vitest"
import { sizeOf } from "../../base/shape.ts"
import { inOrder, isNode, type Node } from "../../graph/graph.ts"
import { gradientError } from "../../graph/testing/evaluate.ts"
import { SEED } from "../../ir/testing/hostile.ts"

const numbers = (length: number, min = -2, max = 2): fc.Arbitrary<number[]> =>
  fc.array(fc.double({ min, max, noNaN: true }), { minLength: length, maxLength: length })

/** Central differences, with floats of −2 … 2 and indices that are now and then out of range. */
export function expectGradient(y: Node, numRuns = 15): void {
  const leaves = inOrder([y]).flatMap((node) =>
    isNode(node, "input") || isNode(node, "weight") ? [node.attributes] : [],
  )
  const given = fc.record(
    Object.fromEntries(
      leaves.map(({ name, dtype, shape }) => {
        const length = sizeOf(shape)
        const indices = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: length, maxLength: length })
        return [name, dtype === "f32" ? numbers(length) : indices]
      }),
    ),
  )
  fc.assert(
    fc.property(given, numbers(sizeOf(y.shape)), (values, dy) => {
      const apart = { ...values, ...(values["x"] ? { x: values["x"].map((v, i) => v + 5 * (i % 3)) } : {}) } // no ties
      expect(gradientError(y, apart, dy)).toBeLessThan(1e-6)
    }),
    { seed: SEED, numRuns },
  )
}
