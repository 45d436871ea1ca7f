import type { Dtype } from "@open-brains/core/base/dtype.ts"
import {
  add,
  binary,
  buffer,
  clamp,
  i32,
  let_,
  load,
  local,
  loop,
  mul,
  set,
  store,
  table,
} from "@open-brains/core/ir/build.ts"
import type { Expression, Program, Statement } from "@open-brains/core/ir/program.ts"
import { type Draw, drawFrom } from "@open-brains/core/ir/testing/draw.ts"

/** Which weights a layer has: what is drawn decides which of a chip's ways to multiply is taken. */
const WEIGHTS: Readonly<Record<string, (draw: Draw) => number>> = {
  any: (draw) => draw.between(-128, 127),
  small: (draw) => draw.between(-8, 7),
  ternary: (draw) => draw.between(-1, 1),
  extreme: (draw) => draw.pick([-128, 127]),
  sparse: (draw) => (draw.between(0, 3) === 0 ? draw.between(-127, 127) : 0),
}

/**
 * A random layer as nets have it: at each place `p` and for each output `n` the sum of x[p · stride + r · far + k] ·
 * w[n, r, k] over `runs` runs of `depth` neighbours, and a bias; given whole, and cut to a byte.
 */
export function weightedSums(seed: number): Program {
  const draw = drawFrom(seed)
  const [places, outputs, runs, depth] = [
    draw.pick([1, 1, 3]),
    draw.between(1, 9),
    draw.pick([1, 1, 2, 3]),
    draw.between(1, 24),
  ]
  const [stride, far] = [draw.between(1, 3), depth + draw.between(0, 2)]
  const weight = WEIGHTS[draw.pick(Object.keys(WEIGHTS))]!
  const x = buffer(
    "input",
    draw.pick<Dtype>(["u8", "i8", "i16"]),
    "x",
    (places - 1) * stride + (runs - 1) * far + depth,
  )
  const weights = table(
    "i8",
    "w",
    Array.from({ length: outputs * runs * depth }, () => weight(draw)),
  )
  const bias = table(
    "i32",
    "bias",
    Array.from({ length: outputs }, () => draw.between(-70_000, 70_000)),
  )
  const [whole, byte] = [
    buffer("output", "i32", "whole", places * outputs),
    buffer("output", "u8", "byte", places * outputs),
  ]
  const [p, n, r, k, sum] = [local("p"), local("n"), local("r"), local("k"), local("sum")]
  const at = (step: Expression, by: number): Expression => mul(step, i32(by))
  const product = mul(
    load(x, add(add(at(p, stride), at(r, far)), k)),
    load(weights, add(add(at(n, runs * depth), at(r, depth)), k)),
  )
  const y = add(mul(p, i32(outputs)), n)
  const sums: Statement[] = [
    let_("sum", i32(0)),
    loop("r", runs, [loop("k", depth, [set("sum", add(sum, product))])]),
    let_("biased", add(sum, load(bias, n))),
    store(whole, y, local("biased")),
    store(byte, y, clamp(binary("i32.shr_s", local("biased"), i32(draw.between(0, 12))), 0, 255)),
  ]
  return {
    name: "sums",
    buffers: [x, weights, bias, whole, byte],
    body: [loop("p", places, [loop("n", outputs, sums)])],
  }
}
