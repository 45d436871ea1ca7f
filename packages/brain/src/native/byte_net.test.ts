import { zeros } from "@open-brains/core/base/dtype.ts"
import { stream } from "@open-brains/core/base/random.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { SEED } from "@open-brains/core/ir/testing/hostile.ts"
import { byteNetTensors } from "@open-brains/core/quantise/byte_net.ts"
import { byteNet } from "@open-brains/core/run/byte_net.ts"
import { test, vi } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { missingCompiler, USUAL_BUILDS } from "./c99.ts"
import { expectJudged } from "./testing/judged.ts"

vi.setConfig({ testTimeout: 60_000 })

const SHAPE = { rows: 21, features: 5, hidden: 19 }
const drawn = Object.entries(byteNetTensors(SHAPE)).map(([name, [dtype, shape]], n) => {
  const random = stream(SEED, "mix", n)
  const data = zeros(
    dtype,
    shape.reduce((a, b) => a * b, 1),
  ).map((_, i) => random.word(i))
  return [name, { dtype, shape, data }] as const
})
const shifts = { dtype: "i8", shape: [6], data: Int8Array.of(0, 17, 0, 22, 2, 20) } as const
const { program, weights } = byteNet({ ...Object.fromEntries(drawn), shifts })
/** What is to be done once and a step, one after the other: the records bring their weights along. */
const WHOLE: Program = {
  name: program.name,
  buffers: program.buffers,
  body: [...program.entries!["prepare"]!, ...program.body],
}

for (const [name, build] of Object.entries(USUAL_BUILDS))
  test(`steps of a net over bytes in C (${name}) equal the interpreter's, of any weights (SEED=${SEED})`, (context) => {
    requireOrSkip(context, missingCompiler())
    const records = [-1, 0, 97, 255, 97, 2 ** 30].map((byte) => ({ ...weights, byte: Int32Array.of(byte) }))
    const h = Int16Array.from({ length: SHAPE.hidden }, (_, i) => stream(SEED, "draw").word(i))
    expectJudged(WHOLE, build, records, { h })
  })
