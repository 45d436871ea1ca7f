import { type Code, unsigned } from "./binary.ts"
import * as op from "./opcode.ts"

/** Runs `body` while local `i` is less than `limit`, which is asked for again and again: a constant or a local. */
export const countUp = (i: Code, limit: Code, body: Code, step: number): Code =>
  BLOCK + op.local_get + i + limit + LEAVE + body + op.local_get + i + op.constI32(step) + ADD_TO + i + limit + AGAIN
const BLOCK = op.block + op.NO_RESULT
const LEAVE = op.i32_ge_s + op.br_if + unsigned(0) + op.loop + op.NO_RESULT
const ADD_TO = op.i32_add + op.local_tee
const AGAIN = op.i32_lt_s + op.br_if + unsigned(0) + op.end + op.end
