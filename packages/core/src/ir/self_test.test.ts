import { expect, test } from "vitest"
import type { Engine } from "../engine/engine.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { faultOf, soundEngine } from "../engine/sound.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { SELF_TEST_DIGEST, selfTest, selfTestProgram } from "./self_test.ts"
import { validate } from "./validate.ts"

test("the judge gives the digest that engines are held to", () => {
  expect(validate(selfTestProgram())).toEqual([])
  expect(selfTest(interpreterEngine.instantiate(selfTestProgram()))).toBe(SELF_TEST_DIGEST)
})
test("WebAssembly proves itself", () => expect(faultOf(wasmEngine)).toBeUndefined())

/** WebAssembly on a machine that flushes subnormals: as if each were 0 when it comes in. */
const flushing: Engine = {
  name: "flushing",
  instantiate(program) {
    const { memory, run } = wasmEngine.instantiate(program)
    const flush = (array: Float32Array): void =>
      array.forEach((v, i) => {
        if (Math.abs(v) < 2 ** -126) array[i] = 0
      })
    return {
      memory,
      entries: {},
      run: () => {
        flush(memory["floats"] as Float32Array)
        run()
      },
    }
  },
}
const broken: Engine = {
  name: "broken",
  instantiate: () => {
    throw new Error("no memory left")
  },
}

test("an engine that flushes subnormals, or does not run, steps aside with a reason", () => {
  expect(faultOf(flushing)).toMatch(/^flushing gives other bits in the self-test: sha256:/)
  const { engine, asides } = soundEngine([flushing, broken, interpreterEngine])
  expect(engine.name).toBe("interpreter")
  expect(asides).toEqual([expect.stringContaining("flushing"), "broken does not run here: no memory left"])
  expect(() => soundEngine([broken])).toThrow("OB240")
})
