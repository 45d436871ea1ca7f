import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { buffer, i32, store } from "@open-brains/core/ir/build.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { expect, test } from "vitest"
import { findProgram, requireOrSkip } from "../../../../scripts/testing.ts"
import { missingCompiler } from "./c99.ts"
import { chooseEngine } from "./choice.ts"
import { ENGINES } from "./engines.ts"
import { compilerThat, emptyCache } from "./testing/machine.ts"

const y = buffer("output", "i32", "y", 1)
const program: Program = { name: "one", buffers: [y], body: [store(y, i32(0), i32(7654321))] }

test("native that fails at one program alone gives way there, and says why", (context) => {
  requireOrSkip(context, missingCompiler())
  const gcc = findProgram("gcc")
  requireOrSkip(context, gcc === undefined ? "gcc is not installed" : undefined)
  emptyCache()
  compilerThat(
    `if grep -q "INT32_C(7654321)" "$(printf '%s\\n' "$@" | grep program.c)"; then echo "no sevens" >&2; exit 1; fi; exec ${gcc} "$@"`,
  )
  const { engine, asides } = chooseEngine("native")
  expect([engine.name, asides]).toEqual(["native", []])
  const { memory, run } = engine.instantiate(program)
  run()
  expect([memory["y"]![0], asides]).toEqual([7654321, [expect.stringMatching(/gcc ended with 1: no sevens$/)]])
})

// After the one above: whether native is sound here is asked once a process.
test.each(ENGINES)("%s gives the answer, compiler or not", (name) => {
  emptyCache()
  compilerThat(undefined)
  const { engine } = chooseEngine(name)
  const { memory, run } = engine.instantiate(program)
  run()
  expect(memory["y"]![0]).toBe(7654321)
})

test("an engine of one's own is taken as it is", () => {
  expect(chooseEngine(interpreterEngine)).toEqual({ engine: interpreterEngine, asides: [] })
})
