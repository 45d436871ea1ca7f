import fc from "fast-check"
import { expect, test } from "vitest"
import { blocksOf, type Expression, expressionsOf, operandsOf, scalarOf, statementsOf } from "../program.ts"
import { validate } from "../validate.ts"
import { hostileProgram, RUNS, SEED } from "./hostile.ts"
import { withoutFloats } from "./integer.ts"

test(`a random program without floats is valid and has none (SEED=${SEED})`, () => {
  const scalars = (e: Expression): readonly string[] => [scalarOf(e), ...operandsOf(e).flatMap(scalars)]
  fc.assert(
    fc.property(hostileProgram(3).map(withoutFloats), (program) => {
      expect(validate(program)).toEqual([])
      const all = blocksOf(program).flatMap(statementsOf).flatMap(expressionsOf).flatMap(scalars)
      expect(new Set(all)).toEqual(new Set(["i32"]))
      expect(program.buffers.filter(({ dtype }) => dtype === "f32")).toEqual([])
    }),
    { seed: SEED, numRuns: RUNS },
  )
})
