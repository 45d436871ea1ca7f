import { sized, vector, wasmModule } from "./binary.ts"
import * as op from "./opcode.ts"
import * as simd from "./simd.ts"

/** A module that only hosts with relaxed SIMD take: for `WebAssembly.validate`. */
export function relaxedProbe(): Uint8Array<ArrayBuffer> {
  const zero = [op.constI32(0), simd.SPLAT.i32]
  const body = [zero, zero, zero, simd.RELAXED_DOT4_ADD, op.drop, op.end]
  return wasmModule([
    [1, [[0x60, 0, 0]]],
    [3, [[0]]],
    [10, [sized([vector([]), body])]],
  ])
}
