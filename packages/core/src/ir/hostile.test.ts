import { describe, expect, test } from "vitest"
import type { Json } from "../base/json.ts"
import { Refusal } from "../base/problem.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import * as ir from "./build.ts"
import { countOf } from "./count.ts"
import { unprovedPromises } from "./independent.ts"
import { interpreter, memoryOf } from "./interpret.ts"
import { parseProgram } from "./parse.ts"
import { printProgram } from "./print.ts"
import { blocksOf, type Program } from "./program.ts"
import { difference } from "./testing/difference.ts"
import { memoryFrom, programFrom, SEED } from "./testing/hostile.ts"
import { mutated } from "./testing/mutate.ts"
import { TRICKS, type Trick } from "./testing/tricks.ts"
import { validate } from "./validate.ts"

const jsonOf = ({ buffers, body, entries }: Trick): Json =>
  JSON.parse(JSON.stringify({ name: "evil", buffers, body, ...(entries && { entries }) })) as Json

describe("tricks out of a file", () => {
  const refused = Object.entries(TRICKS).filter(([, { code }]) => code)
  test.each(refused)("%s is refused", (_, trick) => {
    try {
      parseProgram(jsonOf(trick))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return expect(error.problems.map(({ code }) => code)).toEqual(error.problems.map(() => trick.code))
    }
    throw new Error("it was taken")
  })
  test.each(Object.entries(TRICKS).filter(([, { code }]) => !code))("%s does no harm", (_, trick) => {
    const program = parseProgram(jsonOf(trick))
    for (const seed of [1, 2, 3]) {
      const [judge, wasm] = [interpreterEngine.instantiate(program), wasmEngine.instantiate(program)]
      for (const { memory, run } of [judge, wasm]) {
        for (const [name, numbers] of Object.entries(memoryFrom(seed, program, "state"))) memory[name]!.set(numbers)
        run()
      }
      expect(difference(judge.memory, wasm.memory)).toBeUndefined()
    }
  })
})

test("a Problem points at its statement, and shows it", () => {
  const [x, y] = [ir.buffer("input", "i32", "x", 4), ir.buffer("output", "i32", "y", 4)]
  const wild = ir.store(y, ir.local("i"), ir.add(ir.load(x, ir.add(ir.local("i"), ir.i32(1))), ir.i32(7)))
  const body = [ir.let_("n", ir.load(x, ir.i32(0))), ir.loop("i", 4, [ir.when(ir.local("n"), [], [wild])])]
  const [inBody] = validate({ name: "p", buffers: [x, y], body })
  expect(inBody!.seen).toBe(
    "Program `p`: an index of `x` (length 4) may be 4. At body[1].loop i[0].if.else[0].store y: y[i] = x[i + 1] + 7",
  )
  const entries = { step: [ir.store(y, ir.i32(4), ir.i32(0))] }
  const [inEntry] = validate({ name: "p", buffers: [x, y], body: [], entries })
  expect(inEntry!.seen).toBe("Program `p`: an index of `y` (length 4) may be 4. At step[0].store y: y[4] = 0")
})

/** It may take minutes and still be valid. */
const isShort = (program: Program): boolean =>
  [undefined, ...Object.keys(program.entries ?? {})].every((entry) => countOf(program, entry).total.most < 2 ** 18)

test(`what is generated is valid and keeps its promises (SEED=${SEED})`, () => {
  for (let seed = SEED; seed < SEED + 150; seed++) {
    const program = programFrom(seed, 2)
    expect([seed, validate(program), unprovedPromises(program)]).toEqual([seed, [], []])
  }
})

test(`mutated programs are refused with Problems, or run within their memory (SEED=${SEED})`, () => {
  let refused = 0
  for (let seed = SEED; seed < SEED + 300; seed++) {
    const program = mutated(programFrom(seed), seed)
    const problems = validate(program)
    expect(printProgram(program)).toContain(program.name)
    if (problems.length > 0) {
      refused++
      expect(problems.every(({ code, seen, hint }) => /^OB21[02]$/.test(code) && seen && hint)).toBe(true)
    } else if (isShort(program) && unprovedPromises(program).length === 0) {
      const memory = { ...memoryOf(program), ...memoryFrom(seed, program, "input", "state") }
      for (const block of blocksOf(program)) interpreter(program, memory, block)() // asserts every index
    }
  }
  expect([refused > 100, refused < 280]).toEqual([true, true])
})
