/** Files of many kinds and sizes to pack, the same ones from the same seed. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type Stream, stream } from "@open-brains/core/base/random.ts"
import { repository } from "../../scripts/testing.ts"
import { readShakespeare, readSources } from "./texts.ts"

export interface Sample {
  readonly kind: string
  readonly bytes: Uint8Array
}
export const SEED = 7

/** `count` files of 0 to `bytesMax` bytes: sizes spread as logarithms are, kinds in turn. */
export function sampleFiles(count: number, bytesMax: number): readonly Sample[] {
  const sizes = stream(SEED, "draw")
  const sources = { text: readShakespeare(), source: readSources(), binary: binaries() }
  const makers = {
    random: randomBytes,
    zeros: (size: number) => new Uint8Array(size),
    text: (size: number, random: Stream) => slice(sources.text, size, random),
    source: (size: number, random: Stream) => slice(sources.source, size, random),
    binary: (size: number, random: Stream) => slice(sources.binary, size, random),
  }
  const kinds = Object.keys(makers) as (keyof typeof makers)[]
  return Array.from({ length: count }, (_, i): Sample => {
    const kind = kinds[i % kinds.length]!
    // One of each kind is empty, and one as large as any.
    const size = i < kinds.length ? 0 : i < 2 * kinds.length ? bytesMax : sizeOf(sizes.uniform(i), bytesMax)
    return { kind, bytes: makers[kind](size, stream(SEED, "item", i)) }
  })
}
/** 2^(u · log₂ of the largest), no more than it. */
const sizeOf = (share: number, bytesMax: number): number => Math.min(bytesMax, Math.floor(bytesMax ** share))

function randomBytes(size: number, random: Stream): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = random.word(i) & 255
  return bytes
}
/** A stretch of a text, which begins again at its end. */
function slice(text: Uint8Array, size: number, random: Stream): Uint8Array {
  const start = random.below(0, text.length)
  return Uint8Array.from({ length: size }, (_, i) => text[(start + i) % text.length]!)
}
/** Weights, and the program of Node itself. */
function binaries(): Uint8Array {
  const weights = readFileSync(join(repository, "modules/intent/weights.safetensors"))
  return new Uint8Array(Buffer.concat([weights, readFileSync(process.execPath).subarray(0, 2 ** 21)]))
}
