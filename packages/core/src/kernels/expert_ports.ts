import { and, buffer, i32, load, sub } from "../ir/build.ts"
import type { Buffer, Expression } from "../ir/program.ts"

// What every expert of bytes is given, under these names: the ports of the contract in mix/expert.ts. All are the harness's
// to fill, so an expert can read them and no more.

/** The bytes so far, the newest at `position` − 1, modulo the length: a power of two. */
export const history = (bytes: number): Buffer => buffer("input", "u8", "history", bytes)
/** How many bytes there were, modulo 2³². */
export const position = buffer("input", "i32", "position", 1)
/** The bits of the byte that is being predicted, after a leading one: 1 … 255. */
export const partial = buffer("input", "i32", "partial", 1)
/** The same within four bits: 1 … 15. A nibble's nodes are asked after its first, which is 1. */
export const node = buffer("input", "i32", "node", 1)
/** What came of the last prediction: in reach of `learn` alone. */
export const bit = buffer("input", "i32", "bit", 1)

/** The byte that came so many bytes ago, 1 for the last one. */
export const byteBack = (past: Buffer, back: number): Expression =>
  load(past, and(sub(load(position, i32(0)), i32(back)), i32(past.length - 1)))
