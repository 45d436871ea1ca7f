import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { canonicalJson } from "@open-brains/core/base/json.ts"
import { type Net, netToJson } from "@open-brains/core/graph/dims_text.ts"
import * as op from "@open-brains/core/graph/operations.ts"
import { writeSafetensors } from "@open-brains/core/module/safetensors.ts"
import type { Tensors } from "@open-brains/core/run/state.ts"

const matrix = op.weight("matrix", "i8", [4, 3])
const total = op.weight("total", "i32", [1, 3])

/** Sums that grow with each sample, and which of them is the largest: integers alone, and a state that begins at 5, −6 and 7. */
export const SUMS: Net = {
  maxima: {},
  state: { total: 1 },
  at() {
    const value = op.add(total, op.matmul(op.input("sample", "i8", [1, 4]), matrix))
    return {
      step: { outputs: { best: op.argmax(value), sum: value }, updates: [{ weight: total, value }] },
      peek: { outputs: { now: total } },
    }
  },
}
export const SUMS_WEIGHTS: Tensors = {
  matrix: { dtype: "i8", shape: [4, 3], data: Int8Array.from({ length: 12 }, (_, i) => ((i * 17) % 100) - 50) },
  total: { dtype: "i32", shape: [1, 3], data: Int32Array.of(5, -6, 7) },
}

/** The same as a folder. */
export function writeSums(folder: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "graph.json"), canonicalJson(netToJson(SUMS)))
  writeFileSync(join(folder, "weights.safetensors"), writeSafetensors(SUMS_WEIGHTS))
}
