import type { Engine } from "@open-brains/core/engine/engine.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { expect, test } from "vitest"
import { figuresOfChild } from "./children.ts"
import { FLOPS_A_ROUND, wasmLimits } from "./peaks/wasm.ts"
import { matrixVectorOn, productOn } from "./products.ts"
import { compileModel, setWeights, takeStep, transformer } from "./transformer/model.ts"
import { FULL, firstWeights, type Sizes, tokens, weightShapes } from "./transformer/network.ts"

/** WebAssembly but for one number of what it gives. */
const lying = (buffer: string, at: number): Engine => ({
  name: "lying",
  instantiate(program) {
    const instance = wasmEngine.instantiate(program)
    const run = (): void => {
      instance.run()
      instance.memory[buffer]![at]! += 1
    }
    return { ...instance, run }
  },
})
test("a product that is wrong is not timed as if it were right", () => {
  expect(productOn(wasmEngine).fault).toBeUndefined()
  expect(productOn(lying("c", 255)).fault).toContain("wrong at 0,255")
  expect(matrixVectorOn(wasmEngine).fault).toBeUndefined()
  expect(matrixVectorOn(lying("y", 767)).fault).toContain("wrong at 767")
})

test("the limits do what they are counted for: ten times the rounds give another sum, and all bytes are read", () => {
  const { memory, peak, read } = wasmLimits(4096)
  const [floats, words] = [new Float32Array(memory.buffer), new Int32Array(memory.buffer)]
  const sumAfter = (rounds: number): number => {
    peak(rounds)
    return floats.subarray(0, 4).reduce((sum, lane) => sum + lane, 0)
  }
  const chains = FLOPS_A_ROUND / 8
  const expected = (rounds: number): number =>
    Array.from({ length: chains }, (_, start) => {
      let x = start
      for (let i = 0; i < rounds; i++) x = x * Math.fround(0.999) + 0.25
      return 4 * x
    }).reduce((sum, x) => sum + x, 0)
  for (const rounds of [1, 10]) expect(sumAfter(rounds)).toBeCloseTo(expected(rounds), 2)
  words.fill(0)
  words.forEach((_, i) => {
    words[i] = i < 1024 ? 1 : 1000
  })
  read(4096)
  expect([...words.subarray(0, 4)]).toEqual([256, 256, 256, 256])
})

test("the transformer has the weights of its readme, and begins by knowing nothing", () => {
  const count = Object.values(weightShapes(FULL)).reduce((sum, [rows, columns]) => sum + rows * columns, 0)
  expect(Math.round(count / 1000)).toBe(892)
  const sizes: Sizes = { width: 8, layers: 1, heads: 2, hidden: 8, time: 4, batch: 2, vocabulary: 128 }
  const losses = [interpreterEngine, wasmEngine].map((engine) => {
    const instance = compileModel(transformer(sizes), engine)
    setWeights(instance, firstWeights(sizes))
    return [1, 2, 3, 4].map((t) => takeStep(instance, sizes, tokens(sizes, 0), t))
  })
  expect(losses[0]).toEqual(losses[1])
  expect(losses[0]![0]).toBeCloseTo(Math.log(128), 2)
  expect(losses[0]![3]).toBeLessThan(losses[0]![0]! - 0.01)
})

test("a text is of the bytes that the vocabulary has, and every batch is another", () => {
  const [first, second] = [tokens(FULL, 0), tokens(FULL, 1)]
  expect(first.length).toBe(FULL.batch * (FULL.time + 1))
  expect(new TextDecoder().decode(first)).toMatch(/^[a-z]{2,9}( [a-z]+)+ ?$/)
  expect(first).not.toEqual(second)
})

test("a child's last line are its figures; one that fails or hangs says so", () => {
  const run = (code: string, secondsMax = 20) => figuresOfChild(process.execPath, ["-e", code], { secondsMax })
  expect(run(`console.log("said"); console.log('{"a":1}')`)).toEqual({ a: 1 })
  expect(run(`throw new RangeError("no memory")`)).toBe("it ended with 1: RangeError: no memory")
  expect(run(`process.kill(process.pid, "SIGSEGV")`)).toContain("SIGSEGV")
  expect(run("for (;;);", 0.2)).toBe("it did not end within 0.2 s")
})
