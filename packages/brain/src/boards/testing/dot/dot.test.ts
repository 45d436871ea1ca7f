import { printArmDot } from "@open-brains/core/emit/c99/chip/dot_arm.ts"
import { printPlainDot } from "@open-brains/core/emit/c99/chip/dot_plain.ts"
import fc from "fast-check"
import { test } from "vitest"
import { requireOrSkip } from "../../../../../../scripts/testing.ts"
import { cases, expectFormula, SEED } from "./cases.ts"
import { MACHINES, missingMachine } from "./machine.ts"

// The other builds, and many more products, are for dot.slow.test.ts.
const few = fc.sample(cases, { numRuns: 8, seed: SEED })
for (const machine of ["m0", "m4"] as const)
  test(`random sums of products on ${machine} equal the formula (SEED=${SEED})`, (context) => {
    requireOrSkip(context, missingMachine(MACHINES[machine]))
    expectFormula(MACHINES[machine], printArmDot, few)
  })
test(`random sums of products in plain C equal the formula (SEED=${SEED})`, (context) => {
  requireOrSkip(context, missingMachine(MACHINES.pc))
  expectFormula(MACHINES.pc, printPlainDot, few)
})
