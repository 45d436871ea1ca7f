import { zstdCompressSync, zstdDecompressSync } from "node:zlib"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { DTYPE } from "@open-brains/core/base/dtype.ts"
import { Refusal } from "@open-brains/core/base/problem.ts"
import { readSafetensors, type Tensor, writeSafetensors } from "@open-brains/core/module/safetensors.ts"
import type { Predictor } from "@open-brains/core/run/predictor.ts"
import { sha256 } from "../store/whole.ts"
import { headOf, withHead } from "./head.ts"

const VERSION = 1

/** A predictor's state as a file: `of` is the digest of all that it is a function of. Compressed safetensors, after a line that says so. */
export function writeState(predictor: Predictor, of: Digest): Uint8Array {
  const tensors = Object.fromEntries(
    stateOf(predictor).map(({ name, dtype, length }): [string, Tensor] => [
      name,
      { dtype, shape: [length], data: predictor.instance.memory[name]! },
    ]),
  )
  const plain = writeSafetensors(tensors)
  const body = zstdCompressSync(plain)
  return withHead({ bytes: plain.length, of, snapshot: VERSION, state: sha256(body) }, body)
}
const stateOf = ({ program }: Predictor) => program.buffers.filter(({ access }) => access === "state")

/** Why a snapshot cannot be taken, in words that go on after its name. */
export type Unfit = "stale" | "damaged"

/** Puts the state in a snapshot into the predictor; or says why not, and leaves the predictor as it was. */
export function putState(predictor: Predictor, of: Digest, bytes: Uint8Array): Unfit | undefined {
  const found = headOf(bytes)
  if (found === undefined) return "damaged"
  const { head, body } = found
  if (head["snapshot"] !== VERSION || head["of"] !== of) return "stale"
  const buffers = stateOf(predictor)
  const most = buffers.reduce((sum, { dtype, length }) => sum + DTYPE[dtype].bytes * length, 2 ** 20)
  const plainBytes = head["bytes"]
  if (typeof plainBytes !== "number" || plainBytes > most || sha256(body) !== head["state"]) return "damaged"
  try {
    const tensors = readSafetensors(zstdDecompressSync(body, { maxOutputLength: most }), "the snapshot")
    const fits =
      Object.keys(tensors).length === buffers.length &&
      buffers.every(
        ({ name, dtype, length }) =>
          Object.hasOwn(tensors, name) && tensors[name]!.dtype === dtype && tensors[name]!.data.length === length,
      )
    if (!fits) return "damaged"
    predictor.put(Object.fromEntries(buffers.map(({ name }) => [name, tensors[name]!.data])))
    return undefined
  } catch (error) {
    if (error instanceof Refusal || (error as NodeJS.ErrnoException).code !== undefined) return "damaged"
    throw error
  }
}
