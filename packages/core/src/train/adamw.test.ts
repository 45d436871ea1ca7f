import { expect, test } from "vitest"
import { stream } from "../base/random.ts"
import { compileGraph } from "../compile.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { input, weight } from "../graph/operations.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { type AdamInputs, adamw } from "./adamw.ts"

const OPTIONS = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8 }
const scalar = (name: string): ReturnType<typeof input> => input(name, "f32", [1, 1])
const inputs: AdamInputs = {
  rate: scalar("rate"),
  secondCorrection: scalar("secondCorrection"),
  decay: scalar("decay"),
  averageRate: scalar("averageRate"),
}
const stepOf = (decays: boolean, length: number, options = OPTIONS, engine = wasmEngine) =>
  compileGraph(
    {
      name: "step",
      outputs: {},
      updates: adamw(weight("p", "f32", [1, length]), input("g", "f32", [1, length]), inputs, options, decays),
    },
    engine,
  )

test(`fifty steps follow a plain AdamW in f64 (SEED=${SEED})`, () => {
  for (const decays of [true, false]) {
    const n = 7
    const { memory, run } = stepOf(decays, n)
    const random = stream(SEED, "mix", 4)
    const [p, m, v, average] = [0, 1, 2, 3].map(() => new Float64Array(n)) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ]
    for (let i = 0; i < n; i++) memory["p"]![i] = p[i] = Math.fround(random.uniform(i) * 2 - 1)
    for (let t = 1; t <= 50; t++) {
      const [eta, lambda, kappa] = [0.01 * (1 - t / 60), 0.1, Math.max(0.05, 1 / t)]
      memory["rate"]![0] = eta / (1 - OPTIONS.beta1 ** t)
      memory["secondCorrection"]![0] = 1 / (1 - OPTIONS.beta2 ** t)
      if (decays) memory["decay"]![0] = eta * lambda
      memory["averageRate"]![0] = kappa
      for (let i = 0; i < n; i++) {
        const g = Math.fround(random.uniform(100 * t + i) - 0.5)
        memory["g"]![i] = g
        m[i] = OPTIONS.beta1 * m[i]! + (1 - OPTIONS.beta1) * g
        v[i] = OPTIONS.beta2 * v[i]! + (1 - OPTIONS.beta2) * g * g
        const step = m[i]! / (1 - OPTIONS.beta1 ** t) / (Math.sqrt(v[i]! / (1 - OPTIONS.beta2 ** t)) + OPTIONS.epsilon)
        p[i] = p[i]! - eta * step - (decays ? eta * lambda * p[i]! : 0)
        average[i] = average[i]! + kappa * (p[i]! - average[i]!)
      }
      run()
    }
    for (const [name, wanted] of Object.entries({ p, p_m: m, p_v: v, p_average: average }))
      for (let i = 0; i < n; i++) expect(Math.abs(memory[name]![i]! - wanted[i]!)).toBeLessThan(2e-5)
  }
})
test("one step by hand: powers of two come out exact", () => {
  for (const engine of [interpreterEngine, wasmEngine]) {
    const { memory, run } = stepOf(true, 1, { beta1: 0.5, beta2: 0.75, epsilon: 0 }, engine)
    for (const [name, value] of Object.entries({
      p: 4,
      g: 2,
      rate: 0.5,
      secondCorrection: 4,
      decay: 0.25,
      averageRate: 0.5,
    }))
      memory[name]![0] = value
    run() // m = 1, v = 1, step = 0.5 · 1 / √4 = 0.25, p = 4 − 0.25 − 0.25 · 4
    expect(["p_m", "p_v", "p", "p_average"].map((name) => memory[name]![0])).toEqual([1, 1, 2.75, 1.375])
    memory["g"]![0] = 0
    run() // m = ½, v = ¾, step = 0.25 / √3
    const step = Math.fround(0.25 / Math.fround(Math.sqrt(3)))
    const p = Math.fround(Math.fround(2.75 - step) - Math.fround(0.25 * 2.75))
    expect(["p_m", "p_v", "p"].map((name) => memory[name]![0])).toEqual([0.5, 0.75, p])
  }
})
