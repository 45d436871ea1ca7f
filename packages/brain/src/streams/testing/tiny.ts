import { canonicalJson, type Json } from "@open-brains/core/base/json.ts"
import { stream } from "@open-brains/core/base/random.ts"
import { type Net, netToJson } from "@open-brains/core/graph/dims_text.ts"
import type { Node } from "@open-brains/core/graph/graph.ts"
import * as op from "@open-brains/core/graph/operations.ts"
import { writeSafetensors } from "@open-brains/core/module/safetensors.ts"
import { softmax } from "@open-brains/core/nn/softmax.ts"
import type { Tensors } from "@open-brains/core/run/state.ts"

const [CHANNELS, LABELS] = [2, 3]
const mean = op.weight("mean", "f32", [1, CHANNELS])
const out = op.weight("out", "f32", [CHANNELS, LABELS])
const moved = (): Node => {
  const x = op.input("sample", "f32", [1, CHANNELS])
  return op.add(mean, op.multiply(op.fill(0.125, mean), op.subtract(x, mean)))
}

/** A mean that follows two channels, and how likely each of three labels is. */
export const TINY: Net = {
  maxima: {},
  state: { mean: 1 },
  at() {
    const value = moved()
    return { step: { outputs: { probability: softmax(op.matmul(value, out)) }, updates: [{ weight: mean, value }] } }
  },
}
export const TINY_WEIGHTS: Tensors = {
  mean: { dtype: "f32", shape: [1, CHANNELS], data: Float32Array.of(0.5, -0.75) }, // where it begins
  out: { dtype: "f32", shape: [CHANNELS, LABELS], data: Float32Array.of(4, -1, 0.5, -3, 2.25, 1) },
}
export const TINY_GRAPH: Json = netToJson(TINY)
export const TINY_BYTES = writeSafetensors(TINY_WEIGHTS, {
  hz: "1000",
  labels: canonicalJson(["rest", "left", "right"]),
})

/** Samples of two channels, one after the other. */
export function recording(samples: number, seed = 1): Float32Array {
  const random = stream(seed, "draw")
  return Float32Array.from({ length: samples * CHANNELS }, (_, i) => 4 * random.uniform(i) - 2)
}
