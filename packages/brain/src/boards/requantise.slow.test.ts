import { stream } from "@open-brains/core/base/random.ts"
import { requantised } from "@open-brains/core/graph/requantise.ts"
import { add, buffer, i32, let_, load, local, mul, parallel, store, table } from "@open-brains/core/ir/build.ts"
import type { Expression, Program } from "@open-brains/core/ir/program.ts"
import { SEED } from "@open-brains/core/ir/testing/hostile.ts"
import { test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { type Call, expectSameBits } from "./testing/same_bits.ts"
import { TARGETS } from "./testing/targets.ts"

const SHIFTS = Array.from({ length: 15 }, (_, n) => n + 17)
/** Multipliers of 15 bits at their ends, and those whose low byte is 0, which have a way of their own. */
const MULTIPLIERS = { plain: [1, 255, 256, 32767, 12345, 16384], bytes: [256, 127 * 256, 64 * 256, 77 * 256] } as const
const CALLS = 40
const MS_MAX = 120_000

/** Every shift and width of a dtype, for each multiplier: x of 24 bits out of two inputs, and x of 32 bits. */
function program(dtype: "u8" | "i8" | "i16"): Program {
  const [high, low, word] = [
    buffer("input", "i16", "high", 1),
    buffer("input", "u8", "low", 1),
    buffer("input", "i32", "word", 1),
  ]
  const tables = Object.entries(MULTIPLIERS).map(([name, values]) => table("i16", name, values))
  const narrow = add(mul(load(high, i32(0)), i32(256)), load(low, i32(0)))
  const outputs: ReturnType<typeof buffer>[] = []
  const body = SHIFTS.flatMap((shift) =>
    tables.flatMap((multipliers) =>
      (
        [
          ["narrow", narrow],
          ["wide", load(word, i32(0))],
        ] as const
      ).map(([width, value]: readonly [string, Expression]) => {
        const name = `${width}_${multipliers.name}_${shift}`
        const y = buffer("output", dtype, name, multipliers.length)
        outputs.push(y)
        const [i, x] = [local(`i_${name}`), local(`x_${name}`)]
        return parallel(i, multipliers.length, [
          let_(x, value),
          store(y, i, requantised(x, load(multipliers, i), shift, dtype)),
        ])
      }),
    ),
  )
  return { name: `requantise_${dtype}`, buffers: [high, low, word, ...tables, ...outputs], body }
}
function calls(): readonly Call[] {
  const random = stream(SEED, "mix")
  const edges = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 23, -(2 ** 23), 255, 256, -256, 65535, 65536, -65536]
  return Array.from({ length: CALLS }, (_, n) => {
    const word = edges[n] ?? random.word(n) >> random.below(n + 1000, 24)
    const inputs = { high: Int16Array.of(word >> 8), low: Uint8Array.of(word), word: Int32Array.of(word) }
    return { entry: 0, inputs }
  })
}

for (const target of ["atmega2560 on simavr", "cortex-m0 on QEMU", "cortex-m4 on QEMU", "host"] as const)
  for (const dtype of ["u8", "i8", "i16"] as const)
    test(
      `a sum is requantised to ${dtype} as the formula has it, by every shift: ${target} (SEED=${SEED})`,
      async (context) => {
        requireOrSkip(context, TARGETS[target].missing())
        await expectSameBits(program(dtype), target, calls())
      },
      MS_MAX,
    )
