import type { Digest } from "@open-brains/core/base/digest.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { sha256 } from "../store/whole.ts"

/** SHA-256 of a program, constants and all: two with the same one do the same. */
export const programDigest = (program: Program): Digest =>
  sha256(
    new TextEncoder().encode(
      JSON.stringify(program, (_, value: unknown) =>
        ArrayBuffer.isView(value) && !(value instanceof DataView) ? Array.from(value as Int32Array) : value,
      ),
    ),
  )
