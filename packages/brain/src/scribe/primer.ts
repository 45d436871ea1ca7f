import { refuse } from "@open-brains/core/base/problem.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { harnessOptions, scribeExperts } from "@open-brains/core/mix/scribe.ts"
import { openPredictor, type Predictor } from "@open-brains/core/run/predictor.ts"
import { sha256 } from "../store/whole.ts"
import { headOf, withHead } from "./head.ts"
import { programDigest } from "./program_digest.ts"

/** The text that a scribe reads first, packed by a fresh one of a small shape. */
export const PRIMER = "primer.packed"
export const PRIMER_LIMITS = { textBytes: 2 ** 20, packedBytes: 2 ** 20 } as const
const MEMORY_BYTES = 2 ** 22
const EVERY = 2 ** 14
export type OnBytes = (done: number, total: number) => void

const fresh = (engine: Engine): Predictor =>
  openPredictor(scribeExperts({ memoryBytes: MEMORY_BYTES }), harnessOptions({ memoryBytes: MEMORY_BYTES }), engine)

/** Lets signals and other work of the process have their turn. */
export const breathe = (): Promise<void> => new Promise((next) => setImmediate(next))

/** A function of the text and of the experts of this version: the same bytes on every engine. */
export async function packPrimer(text: Uint8Array, engine: Engine, onBytes?: OnBytes): Promise<Uint8Array> {
  const packer = fresh(engine)
  const code: Uint8Array[] = []
  for (let i = 0; i < text.length; i++) {
    code.push(packer.encode(text[i]!))
    if (i % EVERY === 0) {
      onBytes?.(i, text.length)
      await breathe()
    }
  }
  code.push(packer.finish())
  const head = { bytes: text.length, packed: 1, program: programDigest(packer.program), text: sha256(text) }
  return withHead(head, Buffer.concat(code))
}

/**
 * The text of a primer. A hostile one costs no more than `PRIMER_LIMITS.textBytes` steps of a small scribe. Errors: OB805 when it is damaged,
 * larger than that, or packed by another version of the experts.
 */
export async function unpackPrimer(
  packed: Uint8Array,
  shown: string,
  engine: Engine,
  onBytes?: OnBytes,
): Promise<Uint8Array> {
  const bad = (what: string, hint = RESTORE): never => refuse({ code: "OB805", seen: `${shown} ${what}.`, hint })
  if (packed.length > PRIMER_LIMITS.packedBytes)
    bad(`has ${packed.length} bytes; at most ${PRIMER_LIMITS.packedBytes} are read`)
  const { head, body } = headOf(packed) ?? bad("is no packed text")
  const { bytes, packed: version, program, text: digest } = head
  if (version !== 1) bad("was packed by another version of Open Brains", UPDATE)
  if (typeof bytes !== "number" || !Number.isSafeInteger(bytes) || bytes < 0) return bad("does not say its length")
  if (bytes > PRIMER_LIMITS.textBytes)
    bad(`holds ${bytes} bytes of text; at most ${PRIMER_LIMITS.textBytes} are unpacked`)
  const unpacker = fresh(engine)
  if (program !== programDigest(unpacker.program)) bad("was packed by other experts than this version has", UPDATE)
  let at = 0
  const source = (): number => body[at++] ?? 0
  const text = new Uint8Array(bytes)
  unpacker.open(source)
  for (let i = 0; i < bytes; i++) {
    text[i] = unpacker.decode(source)
    if (i % EVERY === 0) {
      onBytes?.(i, bytes)
      await breathe()
    }
  }
  return sha256(text) === digest ? text : bad("is damaged: it unpacks to another text than it names")
}
const RESTORE = "Take the module again from where it came, or build it again: brain rebuild FOLDER --write."
const UPDATE = "Use the version of `open-brains` that made it, or pack its primer again: brain rebuild FOLDER --write."
