import { wasmModule } from "./binary.ts"
import { functionsAfter } from "./functions.ts"
import * as op from "./opcode.ts"
import * as simd from "./simd.ts"

/** A module that only hosts with relaxed SIMD take: for `WebAssembly.validate`. */
export function relaxedProbe(): Uint8Array<ArrayBuffer> {
  const zero = op.constI32(0) + simd.SPLAT.i32
  const functions = functionsAfter(0)
  functions.define({ parameters: [], results: [] }, [], zero + zero + zero + simd.RELAXED_DOT4_ADD + op.drop)
  return wasmModule(
    [
      [1, functions.types],
      [3, functions.signatures],
    ],
    functions,
  )
}
