import { printArmDot } from "@open-brains/core/emit/c99/chip/dot_arm.ts"
import { printPlainDot } from "@open-brains/core/emit/c99/chip/dot_plain.ts"
import fc from "fast-check"
import { test, vi } from "vitest"
import { requireOrSkip } from "../../../../../../scripts/testing.ts"
import { cases, expectFormula, extremeCases, SEED } from "./cases.ts"
import { BUILDS, MACHINES, missingMachine } from "./machine.ts"

vi.setConfig({ testTimeout: 300_000 })
/** More for a longer search: `CASES=60 SEED=… npx vitest …`. */
const CASES = Number(process.env["CASES"] ?? 20)
const seeded = fc.sample(cases, { numRuns: CASES, seed: SEED })
for (const [name, machine] of Object.entries(MACHINES)) {
  for (const [kind, print] of Object.entries({ plain: printPlainDot, arm: printArmDot }))
    test(`random sums of products as ${kind} text on ${name} equal the formula (SEED=${SEED})`, (context) => {
      requireOrSkip(context, missingMachine(machine))
      for (let at = 0; at < seeded.length; at += 20) expectFormula(machine, print, seeded.slice(at, at + 20))
    })
  test(`sums at the ends of their ranges on ${name} equal the formula`, (context) => {
    requireOrSkip(context, missingMachine(machine))
    const all = extremeCases()
    for (let at = 0; at < all.length; at += 15) expectFormula(machine, printArmDot, all.slice(at, at + 15))
  })
}
for (const [name, machine] of Object.entries(BUILDS))
  test(`random sums of products built as ${name} equal the formula (SEED=${SEED})`, (context) => {
    requireOrSkip(context, missingMachine(machine))
    expectFormula(machine, printArmDot, seeded.slice(0, 20))
  })
