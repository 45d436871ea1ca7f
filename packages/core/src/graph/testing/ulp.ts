import type { Engine } from "../../engine/engine.ts"
import { wasmEngine } from "../../engine/wasm.ts"
import { lowerGraph } from "../../lower/lower.ts"
import type { Node } from "../graph.ts"
import { cos, exp, input, log, sigmoid, sin, tanh } from "../operations.ts"

interface Stated {
  readonly of: (x: Node) => Node
  readonly truth: (x: number) => number
  /** The error that it states, in units in the last place. */
  readonly ulps: number
}
/** Operations that state an error, and what they stand for. */
export const FUNCTIONS = {
  exp: { of: exp, truth: Math.exp, ulps: 1 },
  log: { of: log, truth: Math.log, ulps: 1 },
  tanh: { of: tanh, truth: Math.tanh, ulps: 2 },
  sigmoid: { of: sigmoid, truth: (x) => 1 / (1 + Math.exp(-x)), ulps: 3 },
  sin: { of: sin, truth: (x) => (Math.abs(x) <= 2 ** 20 ? Math.sin(x) : Number.NaN), ulps: 3 },
  cos: { of: cos, truth: (x) => (Math.abs(x) <= 2 ** 20 ? Math.cos(x) : Number.NaN), ulps: 3 },
} as const satisfies Readonly<Record<string, Stated>>

const LENGTH = 2 ** 16
const [bits, floats] = views(new ArrayBuffer(4))
function views(memory: ArrayBuffer): readonly [Int32Array, Float32Array] {
  return [new Int32Array(memory), new Float32Array(memory)]
}
/** The distance from |value| to the next float up, that of subnormals below 2⁻¹²⁶. */
const ulpOf = (value: number): number => {
  floats[0] = value
  const exponent = Math.max(1, (bits[0]! >>> 23) & 255)
  return 2 ** (exponent - 127 - 23)
}

/** The largest error of one of FUNCTIONS against Math, in units in the last place of the true value, over every `step`-th float. */
export function ulpErrors(
  name: keyof typeof FUNCTIONS,
  step: number,
  engine: Engine = wasmEngine,
): { largest: number; at: number } {
  const { of, truth } = FUNCTIONS[name]
  const { memory, run } = engine.instantiate(lowerGraph({ name, outputs: { y: of(input("x", "f32", [LENGTH])) } }))
  const [x, found] = [memory["x"] as Float32Array, memory["y"] as Float32Array]
  const pattern = new Int32Array(x.buffer, x.byteOffset, LENGTH)
  const infinity = 2 ** 128 // what rounds beyond the largest float is infinite: a unit counts on from there
  let [largest, at] = [0, 0]
  for (let start = -(2 ** 31); start < 2 ** 31; start += step * LENGTH) {
    for (let i = 0; i < LENGTH; i++) pattern[i] = Math.min(start + i * step, 2 ** 31 - 1)
    run()
    for (let i = 0; i < LENGTH; i++) {
      const [given, value, wanted] = [x[i]!, found[i]!, truth(x[i]!)]
      if (Object.is(value, Math.fround(wanted))) continue
      const reached = value === Infinity ? infinity : value
      const error = Math.abs(reached - wanted) / ulpOf(Math.min(Math.abs(wanted), (2 - 2 ** -23) * 2 ** 127))
      if (!(error <= largest)) [largest, at] = [Number.isNaN(error) ? Infinity : error, given]
    }
  }
  return { largest, at }
}
