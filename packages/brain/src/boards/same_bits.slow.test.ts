import { Refusal } from "@open-brains/core/base/problem.ts"
import { stream } from "@open-brains/core/base/random.ts"
import type { Name } from "@open-brains/core/graph/graph.ts"
import { allGraphs, CASES } from "@open-brains/core/graph/testing/cases.ts"
import { hasFloats, type Program } from "@open-brains/core/ir/program.ts"
import { memoryFrom, programFrom, SEED } from "@open-brains/core/ir/testing/hostile.ts"
import { withoutFloats } from "@open-brains/core/ir/testing/integer.ts"
import { validate } from "@open-brains/core/ir/validate.ts"
import { lowerGraph } from "@open-brains/core/lower/lower.ts"
import { expect, test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { type Call, expectSameBits, memoryBytes, RANDOM_FLAGS } from "./testing/same_bits.ts"
import { TARGETS, type Target } from "./testing/targets.ts"
import { weightedSums } from "./testing/weighted_sums.ts"

/** More for a longer search: `PROGRAMS=200 SEED=… npx vitest …`. */
const PROGRAMS = Number(process.env["PROGRAMS"] ?? 4)
const CALLS = 5
const MS_MAX = 600_000
const SMALLEST = TARGETS["atmega328p on simavr"].memoryBytes

/** Random calls of a program's functions, the body's more often than others. */
function callsOf(seed: number, program: Program): readonly Call[] {
  const entries = Object.keys(program.entries ?? {}).length
  return Array.from({ length: CALLS }, (_, n) => ({
    entry: n % 3 === 2 ? n % (entries + 1) : 0,
    inputs: memoryFrom(seed + n, program, "input"),
  }))
}

/** Graphs of each operation that there is for integers, lowered. */
function operations(): readonly Program[] {
  const all = (Object.keys(CASES) as Name[]).map((name) => lowerGraph({ name, outputs: allGraphs(name, [1, 5, 17]) }))
  return all.filter((program) => !hasFloats(program))
}

test("operations of integers are found, those of quantised nets among them", () => {
  const names = operations().map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(["kernel", "requantise", "lookup", "unpack_nibbles", "argmax"]))
})

/** So many random programs of integers that the smallest board has the memory for. */
function programs(): readonly (readonly [seed: number, program: Program])[] {
  const random = stream(SEED, "mix")
  const found: (readonly [number, Program])[] = []
  for (let n = 0; found.length < PROGRAMS; n++) {
    const seed = random.below(n, 2 ** 31 - 1)
    const program = withoutFloats(programFrom(seed, 1 + (n % 2)))
    if (memoryBytes(program) <= SMALLEST) found.push([seed, program])
  }
  return found
}

for (const target of Object.keys(TARGETS) as Target[]) {
  const { missing, memoryBytes: room } = TARGETS[target]
  test(
    `random programs of integers give the interpreter's bytes: ${target} (SEED=${SEED})`,
    async (context) => {
      requireOrSkip(context, missing())
      let fitted = 0
      for (const [seed, program] of programs())
        try {
          await expectSameBits(program, target, callsOf(seed, program), RANDOM_FLAGS)
          fitted++
        } catch (error) {
          // A random program may need more flash than the smallest board has.
          if (!(error instanceof Refusal && error.problems[0]?.code === "OB850")) throw error
        }
      expect(fitted).toBeGreaterThan(0)
    },
    MS_MAX,
  )

  test(
    `random sums of weights give the interpreter's bytes: ${target} (SEED=${SEED})`,
    async (context) => {
      requireOrSkip(context, missing())
      const seeds = Array.from({ length: PROGRAMS }, (_, n) => SEED + n)
      for (const seed of seeds) {
        const program = weightedSums(seed)
        expect(validate(program)).toEqual([])
        await expectSameBits(program, target, callsOf(seed, program))
      }
    },
    MS_MAX,
  )

  test(
    `operations of graphs give the interpreter's bytes: ${target} (SEED=${SEED})`,
    async (context) => {
      requireOrSkip(context, missing())
      const fitting = operations().filter((program) => memoryBytes(program) <= room)
      for (const program of fitting) await expectSameBits(program, target, callsOf(SEED, program), RANDOM_FLAGS)
    },
    MS_MAX,
  )
}
