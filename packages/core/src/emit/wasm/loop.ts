import { type Code, unsigned } from "./binary.ts"
import * as op from "./opcode.ts"

/** Runs `body` while local `i` is less than `limit`, which is asked for again and again: a constant or a local. */
export function countUp(i: Code, limit: Code, body: Code, step: number): Code {
  const both = i + limit
  const next = op.local_get + i + (step === 1 ? ADD_ONE : op.constI32(step) + ADD_TO) + both + AGAIN
  return ENTER + both + LEAVE + body + next
}
const ENTER = op.block + op.NO_RESULT + op.local_get
const LEAVE = op.i32_ge_s + op.br_if + unsigned(0) + op.loop + op.NO_RESULT
const ADD_TO = op.i32_add + op.local_tee
const ADD_ONE = op.constI32(1) + ADD_TO
const AGAIN = op.i32_lt_s + op.br_if + unsigned(0) + op.end + op.end
