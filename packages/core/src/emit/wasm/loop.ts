import type { Bytes } from "./binary.ts"
import * as op from "./opcode.ts"

/** Runs `body` while local `i` is less than `limit`, which is asked for again and again: a constant or a local. */
export const countUp = (i: Bytes, limit: Bytes, body: Bytes, step: number): Bytes => [
  [op.block, op.NO_RESULT],
  [op.local_get, i, limit, op.i32_ge_s, op.br_if, 0],
  [op.loop, op.NO_RESULT],
  body,
  [op.local_get, i, op.constI32(step), op.i32_add, op.local_tee, i, limit, op.i32_lt_s, op.br_if, 0],
  [op.end, op.end],
]
