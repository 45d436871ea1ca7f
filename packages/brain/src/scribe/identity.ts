import { createHash } from "node:crypto"
import { printProgram } from "@open-brains/core/ir/print.ts"
import type { Predictor } from "@open-brains/core/run/predictor.ts"

/**
 * What all that a predictor will say is a function of: SHA-256 of its program and of its whole state. Scribes with the same
 * module, memory and lessons have the same, on every engine; one byte learnt more makes another.
 */
export function identityOf({ program, instance }: Predictor): Uint8Array {
  const hash = createHash("sha256").update(printProgram(program))
  for (const { name, access } of program.buffers) {
    if (access !== "state") continue
    const { buffer, byteOffset, byteLength } = instance.memory[name]!
    hash.update(`\n${name} ${byteLength}\n`).update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  return new Uint8Array(hash.digest())
}
