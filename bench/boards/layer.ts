/** A fully connected layer 64 -> 32 that is requantised to bytes, as a net in a folder: weights as nets have them, and the worst that there are. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { canonicalJson } from "@open-brains/core/base/json.ts"
import { type Stream, stream } from "@open-brains/core/base/random.ts"
import { type Net, netToJson } from "@open-brains/core/graph/dims_text.ts"
import * as op from "@open-brains/core/graph/operations.ts"
import { writeSafetensors } from "@open-brains/core/module/safetensors.ts"
import { packed } from "@open-brains/core/quantise/packed.ts"
import type { NetCall } from "./exhibit.ts"

export const [INPUTS, OUTPUTS] = [64, 32]
/** Of the requantisation; multipliers have any 15 bits, none of them 0 alone. */
const SHIFT = 24
const SEED = 8

export interface LayerKind {
  readonly name: string
  readonly levels: 15 | 255
  readonly weight: (random: Stream, i: number) => number
}
/** About normal, of so many units of deviation, cut at the ends. */
const normal =
  (deviation: number, low: number, high: number): LayerKind["weight"] =>
  (random, i) => {
    const sum = Array.from({ length: 12 }, (_, k) => random.uniform(12 * i + k)).reduce((a, b) => a + b) - 6
    return Math.max(low, Math.min(high, Math.round(sum * deviation)))
  }
const all =
  (value: number): LayerKind["weight"] =>
  () =>
    value
const eights = normal(36, -127, 127)
export const LAYERS: readonly LayerKind[] = [
  { name: "int4, normal", levels: 15, weight: normal(2.3, -8, 7) },
  { name: "int4, all -8", levels: 15, weight: all(-8) },
  { name: "int4, all 7", levels: 15, weight: all(7) },
  { name: "int8, normal", levels: 255, weight: eights },
  { name: "int8, a tenth -128", levels: 255, weight: (r, i) => (r.below(40_000 + i, 10) === 0 ? -128 : eights(r, i)) },
  { name: "int8, all -128", levels: 255, weight: all(-128) },
  { name: "int8, all 127", levels: 255, weight: all(127) },
]

/** Writes graph.json and weights.safetensors. */
export function writeLayer({ levels, weight }: LayerKind, folder: string): void {
  const random = stream(SEED, "initialise")
  const values = Int8Array.from({ length: INPUTS * OUTPUTS }, (_, i) => weight(random, i))
  const { node, weights } = packed("matrix", values, OUTPUTS, levels)
  const net: Net = {
    maxima: {},
    state: {},
    at() {
      const sums = op.matmul(op.input("x", "u8", [1, INPUTS]), node)
      const biased = op.add(sums, op.weight("bias", "i32", [1, OUTPUTS]))
      return {
        step: { outputs: { y: op.requantise(biased, op.weight("multiplier", "i32", [1, OUTPUTS]), SHIFT, "u8") } },
      }
    },
  }
  const draw = (purpose: "draw" | "mix", below: number, least: number): Int32Array =>
    Int32Array.from({ length: OUTPUTS }, (_, n) => least + stream(SEED, purpose).below(n, below))
  const vector = (data: Int32Array) => ({ dtype: "i32", shape: [1, OUTPUTS], data }) as const
  const matrix = Object.fromEntries(
    Object.entries(weights).map(([name, data]) => [
      name,
      data instanceof Int8Array
        ? ({ dtype: "i8", shape: [INPUTS, OUTPUTS], data } as const)
        : ({ dtype: "u8", shape: [INPUTS, OUTPUTS / 2], data: data as Uint8Array } as const),
    ]),
  )
  const tensors = { ...matrix, bias: vector(draw("draw", 4001, -2000)), multiplier: vector(draw("mix", 32_767, 1)) }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "graph.json"), canonicalJson(netToJson(net)))
  writeFileSync(join(folder, "weights.safetensors"), writeSafetensors(tensors))
}

/** Random bytes, and the ends of their range at the beginning. */
export function layerCalls(count: number): readonly NetCall[] {
  const random = stream(SEED, "item")
  return Array.from({ length: count }, (_, n) => ({
    entry: "step",
    inputs: {
      x: Uint8Array.from({ length: INPUTS }, (_, i) => (n < 2 ? 255 * n : random.word(n * INPUTS + i) & 255)),
    },
  }))
}
