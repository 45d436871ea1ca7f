import { input, matmul, weight } from "@open-brains/core/graph/operations.ts"
import { freeze } from "@open-brains/core/ir/freeze.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { lowerGraph } from "@open-brains/core/lower/lower.ts"
import { test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { expectSameBits } from "./testing/same_bits.ts"
import { TARGETS } from "./testing/targets.ts"

/** y = x · w with weights from −most to most, their ends among them. */
function product(k: number, n: number, most: number, dtype: "u8" | "i8"): Program {
  const w = Int8Array.from({ length: k * n }, (_, i) =>
    i % 5 === 0 ? -most : i % 5 === 1 ? most : ((i * 53) % (2 * most + 1)) - most,
  )
  const y = matmul(input("x", dtype, [1, k]), weight("w", "i8", [k, n]))
  const program = lowerGraph({ name: `product_${k}_${n}`, outputs: { y }, prepares: true, direct: true })
  return freeze(program, { values: { w }, prepares: [] })
}
/** x at its ends, and in between. */
const calls = (k: number, dtype: "u8" | "i8") =>
  [255, 0, 127, 128, 77].map((value) => {
    const numbers = Array.from({ length: k }, (_, i) => (value === 77 ? i * 91 + 5 : value))
    return { entry: 0, inputs: { x: dtype === "u8" ? Uint8Array.from(numbers) : Int8Array.from(numbers) } }
  })

/** In a line, in passes of bytes with an offset and without, of nibbles, and each with outputs left over. */
const KINDS: readonly (readonly [how: string, most: number, shapes: readonly (readonly [k: number, n: number])[]])[] = [
  [
    "in a line",
    127,
    [
      [9, 1],
      [9, 3],
      [8, 4],
      [30, 1],
    ],
  ],
  [
    "in passes",
    127,
    [
      [64, 32],
      [37, 6],
      [12, 17],
      [300, 5],
      [64, 2],
    ],
  ],
  [
    "of nibbles",
    7,
    [
      [64, 32],
      [37, 6],
      [11, 7],
      [256, 3],
    ],
  ],
]
for (const [how, most, shapes] of KINDS)
  test(`on an AVR sums of products ${how}, at the ends of their ranges`, async (context) => {
    requireOrSkip(context, TARGETS["atmega328p on simavr"].missing())
    for (const [k, n] of shapes)
      for (const dtype of ["u8", "i8"] as const)
        await expectSameBits(product(k, n, most, dtype), "atmega328p on simavr", calls(k, dtype))
  }, 60_000)
