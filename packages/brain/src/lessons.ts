import type { Digest } from "@open-brains/core/base/digest.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import {
  CORRECTION_LIMITS,
  type Correction,
  checkCorrection,
  LESSONS,
  printCorrections,
} from "@open-brains/core/memory/corrections.ts"
import { correctionsOf } from "@open-brains/core/run/module.ts"
import { keysOf, ownExamples } from "./examples.ts"
import { counted } from "./layout.ts"
import { type ModuleFiles, readModule, rewriteModule } from "./store/folder.ts"

/** A correction as `lessonsOf` lists it. */
export interface ListedLesson extends Correction {
  /** From 1, oldest first, what `undo` takes; absent once it is folded into the weights. */
  readonly lesson?: number
  /** Whether it counts, a later one of the same text counts instead, or the net itself has learnt it. */
  readonly state: "counts" | "overruled" | "folded"
  readonly contradicts: readonly Contradiction[]
}
/** Another label for what the n-gram kernel sees as the same text: of an earlier correction, or of an example. */
export interface Contradiction extends Correction {
  readonly lesson?: number
}
export interface CorrectedModule {
  readonly lesson: ListedLesson
  /** Whether the net itself has no such label, so that corrections alone speak for it. */
  readonly isNew: boolean
  /** Of the module as it is now. */
  readonly digest: Digest
}

/**
 * Adds a correction to a module on disk: its part lessons.jsonl, and nothing else of it. `label` is `undefined` for a text
 * that fits none. Processes that correct at once wait for each other. Errors: OB550, OB553, and those of `rewriteModule`.
 */
export async function correct(path: string, text: string, label: string | undefined): Promise<CorrectedModule> {
  const correction = checkCorrection({ text, label })
  const written = await rewriteModule(path, async (read) => {
    const files = await read()
    const corrections = correctionsOf(files)
    if (corrections.length >= CORRECTION_LIMITS.lessons)
      refuse({
        code: "OB553",
        seen: `${path} has ${corrections.length} lessons, and room for no more.`,
        hint: `Let its net learn them: brain teach ${path} --into ${path}`,
      })
    return drafted(files, [...corrections, correction])
  })
  const lesson = listed(written).findLast((each) => each.lesson !== undefined)!
  const isNew = label !== undefined && !written.manifest.gives.labels.includes(label)
  return { lesson, isNew, digest: written.digest }
}

/** The corrections of a module, oldest first: those that its net has learnt, then those in its memory. Errors: those of `readModule`. */
export const lessonsOf = async (path: string): Promise<readonly ListedLesson[]> => listed(await readModule(path))

export interface Undone {
  readonly undone: Correction & { readonly lesson: number }
  /** How many are left. */
  readonly left: number
  readonly digest: Digest
}
/**
 * Takes a correction back, the last one unless its number says which: the module is then what it would be had it never
 * been made, to the bit. Later ones move up a number. Errors: OB551, and those of `rewriteModule`.
 */
export async function undo(path: string, lesson?: number): Promise<Undone> {
  let undone: Undone["undone"] | undefined
  let left = 0
  const { digest } = await rewriteModule(path, async (read) => {
    const files = await read()
    const corrections = correctionsOf(files)
    const place = (lesson ?? corrections.length) - 1
    const found = corrections[place] ?? noSuchLesson(path, lesson, corrections.length)
    undone = { ...found, lesson: place + 1 }
    left = corrections.length - 1
    return drafted(files, corrections.toSpliced(place, 1))
  })
  return { undone: undone!, left, digest }
}

function noSuchLesson(path: string, lesson: number | undefined, count: number): never {
  return refuse({
    code: "OB551",
    seen: lesson === undefined || count === 0 ? `${path} has no lesson to undo.` : `${path} has no lesson ${lesson}.`,
    hint:
      count === 0
        ? "A lesson that its net has learnt is undone by teaching it again without."
        : `It has ${counted(count, "lesson")}: brain lessons ${path}`,
  })
}

const drafted = (files: ModuleFiles, corrections: readonly Correction[]) => {
  const { parts: _, ...manifest } = files.manifest
  return { manifest, parts: withCorrections(files.parts, corrections) }
}

/** A module's parts with other corrections. */
export function withCorrections(
  parts: ModuleFiles["parts"],
  corrections: readonly Correction[],
): Readonly<Record<string, Uint8Array>> {
  const { [LESSONS]: _, ...rest } = parts
  if (corrections.length === 0) return rest
  return { ...rest, [LESSONS]: new TextEncoder().encode(printCorrections(corrections)) }
}

function listed(files: ModuleFiles): readonly ListedLesson[] {
  const corrections = correctionsOf(files)
  const examples = ownExamples(files) ?? []
  const { bytesMax } = files.manifest.takes
  const keys = keysOf(
    [...corrections, ...examples].map(({ text }) => text),
    bytesMax,
  )
  const own = keys.slice(0, corrections.length)
  const taught = Map.groupBy(
    examples.map(({ text, label, split }, i) => ({ text, label, split, key: keys[own.length + i]! })),
    ({ key }) => key,
  )
  const folded = examples.flatMap(({ text, label, lesson }) =>
    lesson ? [{ text, label, state: "folded" as const, contradicts: [] }] : [],
  )
  const places = Map.groupBy(corrections.keys(), (i) => own[i]!)
  const inMemory = corrections.map(({ text, label }, i): ListedLesson => {
    const same = places.get(own[i]!)!
    const earlier = same.flatMap((j): readonly Contradiction[] =>
      j < i && corrections[j]!.label !== label ? [{ ...corrections[j]!, lesson: j + 1 }] : [],
    )
    const learnt = (taught.get(own[i]!) ?? []).filter((other) => other.split !== "test" && other.label !== label)
    const others = learnt.map((other) => ({ text: other.text, label: other.label }))
    const state = same.at(-1) === i ? "counts" : "overruled"
    return { text, label, lesson: i + 1, state, contradicts: [...others, ...earlier] }
  })
  return [...folded, ...inMemory]
}
