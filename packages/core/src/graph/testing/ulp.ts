import { type Engine, wasmEngine } from "../../compile.ts"
import { lowerGraph } from "../../lower/lower.ts"
import { exp, input, log } from "../operations.ts"

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

/** The largest error of exp or log against Math, in units in the last place of the true value, over every `step`-th float. */
export function ulpErrors(
  name: "exp" | "log",
  step: number,
  engine: Engine = wasmEngine,
): { largest: number; at: number } {
  const [y, truth] = name === "exp" ? [exp, Math.exp] : [log, Math.log]
  const { memory, run } = engine.instantiate(lowerGraph({ name, outputs: { y: y(input("x", "f32", [LENGTH])) } }))
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
