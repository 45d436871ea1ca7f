import { gatherSum, input, matmul, weight } from "@open-brains/core/graph/operations.ts"
import { freeze } from "@open-brains/core/ir/freeze.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { lowerGraph } from "@open-brains/core/lower/lower.ts"
import { test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { expectSameBits } from "./testing/same_bits.ts"
import { TARGETS, type Target } from "./testing/targets.ts"

const MS_MAX = 120_000
const numbers = (count: number, most: number): Int8Array =>
  Int8Array.from({ length: count }, (_, i) => (((i * 7919) >>> 3) % (2 * most + 1)) - most)

/** Bags of rows of a table whose numbers reach so far: trits, nibbles or bytes. */
function bags(rows: number, width: number, most: number): Program {
  const [slots, count] = [input("slots", "u16", [1, 12]), input("count", "i32", [1, 1])]
  const y = gatherSum(weight("table", "i8", [rows, width]), slots, count)
  const program = lowerGraph({ name: "bags", outputs: { y }, prepares: true, direct: true })
  return freeze(program, { values: { table: numbers(rows * width, most) }, prepares: [] })
}
/**
 * Calls that take the first and the last row, many at once and none, numbers of rows that there are not, and those around
 * the end of a piece, of which a long table has several.
 */
const callsTo = (rows: number) =>
  [0, 1, 5, 12, 200, -1].map((count, n) => ({
    entry: 0,
    inputs: {
      slots: Uint16Array.from({ length: 12 }, (_, i) =>
        i === n ? 65_535 : n === 3 ? (336 + i) % rows : (i * 131 * (n + 1)) % rows,
      ),
      count: Int32Array.of(count),
    },
  }))

const NEAR = ["atmega328p on simavr", "cortex-m0 on QEMU", "host, checked"] as const satisfies readonly Target[]
for (const target of NEAR)
  for (const [kind, most] of [
    ["trits", 1],
    ["nibbles", 7],
    ["bytes", 127],
  ] as const)
    test(
      `rows of ${kind} are added: ${target}`,
      async (context) => {
        requireOrSkip(context, TARGETS[target].missing())
        for (const [rows, width] of [
          [40, 12],
          [7, 5],
        ] as const)
          await expectSameBits(bags(rows, width, most), target, callsTo(rows))
      },
      MS_MAX,
    )

for (const target of ["atmega2560 on simavr", "atmega2560 on avr8js"] as const) {
  for (const rows of [850, 2100])
    test(
      `rows of a table of ${rows * 48} bytes are added: ${target}`,
      async (context) => {
        requireOrSkip(context, TARGETS[target].missing())
        await expectSameBits(bags(rows, 48, 127), target, callsTo(rows))
      },
      MS_MAX,
    )
  for (const outputs of [150, 151, 300])
    test(
      `${outputs} sums of products with ${outputs * 250} bytes of weights: ${target}`,
      async (context) => {
        requireOrSkip(context, TARGETS[target].missing())
        const y = matmul(input("x", "u8", [1, 250]), weight("w", "i8", [250, outputs]))
        const program = lowerGraph({ name: "wide", outputs: { y }, prepares: true, direct: true })
        const frozen = freeze(program, { values: { w: numbers(250 * outputs, 127) }, prepares: [] })
        const x = Uint8Array.from({ length: 250 }, (_, i) => (i * 37) & 255)
        await expectSameBits(frozen, target, [{ entry: 0, inputs: { x } }])
      },
      MS_MAX,
    )
}
