import { readFile } from "node:fs/promises"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { canonicalJson } from "@open-brains/core/base/json.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import type { Predictor } from "@open-brains/core/run/predictor.ts"
import { sha256 } from "../store/whole.ts"
import { chunksOf, type ScribeLesson } from "./lessons.ts"
import { programDigest } from "./program_digest.ts"
import { putState } from "./snapshot.ts"

const digestOf = (text: string): Digest => sha256(new TextEncoder().encode(text))

/**
 * Names the state of a predictor before its lessons: all that it is a function of. `program` is the one that is the same on every engine, weights
 * of a net and all; `module` is nothing for one that began from nothing.
 */
export const beginning = (program: Program, module: Digest | undefined): Digest =>
  digestOf(canonicalJson({ module: module ?? null, program: programDigest(program) }))
export const followedBy = (before: Digest, lesson: Digest): Digest => digestOf(`${before} ${lesson}`)

/** The states on the way through lessons: none of them read, the first, the first two. */
export function statesOf(first: Digest, lessons: readonly ScribeLesson[]): readonly Digest[] {
  const states = [first]
  for (const { digest } of lessons) states.push(followedBy(states.at(-1)!, digest))
  return states
}

export interface Progress {
  readonly doing: "learning its net" | "reading its primer" | "reading" | "asking it before"
  readonly name: string
  readonly done: number
  readonly total: number
}
export type OnProgress = (progress: Progress) => void

/** Takes a state from one of these files, the first that has it. What is damaged is told of, and passed over. */
export async function restore(
  predictor: Predictor,
  of: Digest,
  paths: readonly string[],
  onDamaged: (path: string) => void,
): Promise<string | undefined> {
  for (const path of paths) {
    const bytes = await readFile(path).catch(() => undefined)
    const unfit = bytes === undefined ? "stale" : putState(predictor, of, bytes)
    if (unfit === undefined) return path
    if (unfit === "damaged") onDamaged(path)
  }
  return undefined
}

/** Lets signals and other work of the process have their turn. */
export const breathe = (): Promise<void> => new Promise((next) => setImmediate(next))

/** Has it read a text; the bits that each part of it cost. */
export async function readText(
  predictor: Predictor,
  text: AsyncIterable<Uint8Array>,
  onBits: (bits: number, bytes: number) => void,
): Promise<void> {
  for await (const chunk of text) {
    onBits(predictor.read(chunk, { learns: true }), chunk.length)
    await breathe()
  }
}
/** The same of one that is in memory, or of a file. */
export async function* inChunks(text: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < text.length; i += size) yield text.subarray(i, i + size)
}

/** Bits that the beginning of a text costs as it is now; changes nothing. */
export async function frozenBits(
  predictor: Predictor,
  path: string,
  bytesMax: number,
  onBytes: (done: number) => void,
): Promise<{ readonly bits: number; readonly bytes: number }> {
  const { carried } = predictor.mark()
  const { memory } = predictor.instance
  const history = memory["history"]!.slice()
  let [bits, bytes] = [0, 0]
  for await (const chunk of chunksOf(path, bytesMax)) {
    bits += predictor.read(chunk, { learns: false })
    bytes += chunk.length
    onBytes(bytes)
    await breathe()
  }
  memory["history"]!.set(history)
  for (const [name, data] of Object.entries(carried)) memory[name]!.set(data)
  return { bits, bytes }
}
