import { existsSync, mkdirSync, renameSync } from "node:fs"
import { basename, join } from "node:path"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import type { EngineName } from "../native/engines.ts"
import { diskFiles } from "../store/files.ts"
import { copied } from "./copy.ts"
import { type Found, NONE, needScribe } from "./find.ts"
import { forgetOthers, keptState, STATE } from "./kept.ts"
import { chunksOf, LESSON_LIMITS, LESSONS, lessonFile } from "./lessons.ts"
import { alone, type Desk } from "./locked.ts"
import { openFound, type Scribe } from "./open.ts"
import { followedBy, frozenBits, type OnProgress, readText } from "./reading.ts"
import { writeState } from "./snapshot.ts"
import { refuseNoText, type Text, take } from "./text.ts"

export interface TeachScribeOptions {
  /** Where a copy goes that learns in the scribe's place (default: where it lies, or ./NAME of one that is not one's own). */
  readonly into?: string
  /** Bytes of tables, for a copy. */
  readonly memoryBytes?: number
  readonly engine?: EngineName
  readonly onProgress?: OnProgress
  /** Another process changes it just now. */
  readonly onWait?: () => void
  /** All is learnt; what follows takes a moment and is not to be interrupted. */
  readonly onWrite?: () => void
}
export interface LearntText {
  readonly lesson: number
  readonly name: string
  readonly bytes: number
  readonly digest: Digest
  /** Bits a byte of its beginning as the scribe was before, and how many bytes of it were asked. */
  readonly before: { readonly bitsPerByte: number; readonly bytes: number }
  /** Bits a byte while it was read, each byte scored before it was learnt, and of the last tenth alone. */
  readonly whileReading: number
  readonly lastPart: { readonly bitsPerByte: number; readonly bytes: number }
}
export interface TaughtScribe {
  /** Where it lies now. */
  readonly folder: string
  /** Of what it is a copy, if it was made just now. */
  readonly copyOf: string | undefined
  readonly module: Digest
  readonly memoryBytes: number
  readonly learnt: readonly LearntText[]
  readonly lessons: number
  readonly seconds: number
  readonly asides: readonly string[]
}

/** Bytes of a lesson that are asked before it is learnt. */
const BEFORE_MAX = 2 ** 18

/**
 * Has a scribe read texts, in their order. One of one's own learns where it lies; another is copied first, and stays as it is. All of it is
 * learnt or nothing: what was there is whole until the last moment. Errors: OB801 to OB805, OB807 when something lies where the copy
 * goes, OB808 when one of one's own is to have another memory, OB156.
 */
export async function teachScribe(
  word: string,
  texts: readonly Text[],
  options: TeachScribeOptions = {},
): Promise<TaughtScribe> {
  const start = performance.now()
  const found = word === NONE ? undefined : await needScribe(word)
  const target = targetOf(word, found, options)
  const isCopy = found === undefined || target !== found.folder
  for (const { from } of texts) if (typeof from === "string") await refuseNoText(from)
  return alone(target, options.onWait ?? (() => undefined), async (desk) => {
    if (isCopy && existsSync(desk.place)) refuseTaken(target, word)
    const source = isCopy ? await copied(desk, found, options.memoryBytes, basename(target)) : desk.place
    const home: Found = { folder: source, isOwn: true }
    const scribe = await openFound(source, home, options)
    const staged = await learn(scribe, desk, texts, options)
    options.onWrite?.()
    if (isCopy) renameSync(source, desk.place)
    await commit(desk, staged, scribe)
    return {
      folder: target,
      copyOf: isCopy ? word : undefined,
      module: scribe.module!.digest,
      memoryBytes: scribe.memoryBytes,
      learnt: staged.map(({ learnt }) => learnt),
      lessons: scribe.lessons.length + staged.length,
      seconds: (performance.now() - start) / 1000,
      asides: scribe.asides,
    }
  })
}

function targetOf(word: string, found: Found | undefined, { into, memoryBytes }: TeachScribeOptions): string {
  if (into !== undefined) return into
  if (found === undefined)
    return refuse({
      code: "OB807",
      seen: "A scribe that begins from nothing needs a folder.",
      hint: "Say which: brain teach none notes.txt --into FOLDER",
    })
  if (!found.isOwn) return basename(word.replace(/[:@].*$/, ""))
  if (memoryBytes !== undefined)
    refuse({
      code: "OB808",
      seen: `${word} is yours, and its manifest says how much memory it has.`,
      hint: `Another memory is another scribe, which reads all anew: brain teach ${word} notes.txt --memory SIZE --into FOLDER`,
    })
  return found.folder
}
function refuseTaken(target: string, word: string): never {
  return refuse({
    code: "OB807",
    seen: `${target} is there already, and a copy of ${word} was to go there.`,
    hint: `If it is the scribe that is meant, teach that one: brain teach ./${target} notes.txt. Else say where the copy goes: --into FOLDER`,
  })
}

/** What is learnt and not yet part of the scribe: its text on the desk, and the state after it, where that is kept. */
interface Staged {
  readonly learnt: LearntText
  readonly text: string
  readonly state: string | undefined
}

async function learn(
  scribe: Scribe,
  desk: Desk,
  texts: readonly Text[],
  { onProgress }: TeachScribeOptions,
): Promise<readonly Staged[]> {
  const { predictor, lessons, states } = scribe
  if (lessons.length + texts.length > LESSON_LIMITS.lessons)
    refuse({
      code: "OB802",
      seen: `${scribe.path} has ${lessons.length} lessons; at most ${LESSON_LIMITS.lessons} are kept.`,
      hint: "Join small texts to one: cat a.txt b.txt | brain teach FOLDER -",
    })
  const staged: Staged[] = []
  let of = states.at(-1)!
  for (const [i, text] of texts.entries()) {
    const lesson = lessons.length + i + 1
    const path = join(desk.folder, `text-${i}`)
    const { bytes, digest } = await take(text, path)
    const told = (doing: "reading" | "asking it before", done: number, total: number): void =>
      onProgress?.({ doing, name: text.name, done, total })
    const asked = Math.min(bytes, BEFORE_MAX)
    const before = await frozenBits(predictor, path, BEFORE_MAX, (done) => told("asking it before", done, asked))
    const lastBytes = Math.max(1, Math.floor(bytes / 10))
    const first = bytes - lastBytes
    let [done, bits, lastBits] = [0, 0, 0]
    await readText(predictor, parted(chunksOf(path), first), (cost, size) => {
      if (done >= first) lastBits += cost
      done += size
      bits += cost
      told("reading", done, bytes)
    })
    of = followedBy(of, digest)
    const isKept = i >= texts.length - 2
    const state = isKept ? join(desk.folder, `state-${i}`) : undefined
    if (state !== undefined) await diskFiles.write(state, writeState(predictor, of))
    staged.push({
      text: path,
      state,
      learnt: {
        lesson,
        name: text.name,
        bytes,
        digest,
        before: { bitsPerByte: before.bits / before.bytes, bytes: before.bytes },
        whileReading: bits / bytes,
        lastPart: { bitsPerByte: lastBits / lastBytes, bytes: lastBytes },
      },
    })
  }
  return staged
}

/** The same pieces, one of which ends at a place. */
async function* parted(chunks: AsyncIterable<Uint8Array>, at: number): AsyncGenerator<Uint8Array> {
  let done = 0
  for await (const chunk of chunks) {
    const cut = Math.max(0, Math.min(chunk.length, at - done))
    if (cut > 0) yield chunk.subarray(0, cut)
    if (cut < chunk.length) yield chunk.subarray(cut)
    done += chunk.length
  }
}

/** Each step is one rename, and after each the folder is a scribe: first the texts, which decide; then what it remembers of them. */
async function commit({ place }: Desk, staged: readonly Staged[], scribe: Scribe): Promise<void> {
  mkdirSync(join(place, LESSONS), { recursive: true })
  for (const { text, learnt } of staged) renameSync(text, join(place, LESSONS, lessonFile(learnt.lesson, learnt.name)))
  mkdirSync(join(place, STATE), { recursive: true })
  for (const { state, learnt } of staged) if (state !== undefined) renameSync(state, keptState(place, learnt.lesson))
  await diskFiles.settle(join(place, LESSONS))
  await diskFiles.settle(place)
  await forgetOthers(place, scribe.lessons.length + staged.length)
}
