import {
  broadcastLike,
  convert,
  input,
  matmul,
  requantise,
  reshape,
  shiftRight,
  sum,
  weight,
} from "@open-brains/core/graph/operations.ts"
import { freeze } from "@open-brains/core/ir/freeze.ts"
import { lowerGraph } from "@open-brains/core/lower/lower.ts"
import { test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { expectSameBits } from "./testing/same_bits.ts"
import { TARGETS } from "./testing/targets.ts"

/** A layer, the mean of four rows, and a layer of that: what lies in the arena passes from one function to the next. */
function meanOfLayers() {
  const x = input("x", "u8", [4, 6])
  const first = matmul(x, weight("first", "i8", [6, 6]))
  const scaled = requantise(first, broadcastLike(weight("scale", "i32", [1, 6]), first), 24, "u8")
  const mean = convert(shiftRight(sum(reshape(convert(scaled, "i32"), [1, 4, 6]), 1), 2), "u8")
  const last = matmul(reshape(mean, [1, 6]), weight("last", "i8", [6, 10]))
  const program = lowerGraph({ name: "mean", outputs: { y: last }, prepares: true, direct: true })
  const numbers = (count: number): Int8Array => Int8Array.from({ length: count }, (_, i) => ((i * 37) % 251) - 125)
  const values = { first: numbers(36), scale: new Int32Array(6).fill(20_000), last: numbers(60) }
  return freeze(program, { values, prepares: ["prepare"] })
}
const calls = Array.from({ length: 5 }, (_, n) => ({
  entry: 0,
  inputs: { x: Uint8Array.from({ length: 24 }, (_, i) => (i * 71 + n * 13) & 255) },
}))

// gcc 12 took a layer for a function without effects, by how it rewrote its places, and left its call out.
for (const flags of [["-O1"], ["-O2"], ["-Os"], ["-O3", "-flto"]])
  test(`every layer is run: gcc ${flags.join(" ")}`, async (context) => {
    requireOrSkip(context, TARGETS.host.missing())
    await expectSameBits(meanOfLayers(), "host", calls, flags)
  })
